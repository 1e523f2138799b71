import { expect, test } from 'vitest';
import { compilePolicy, runTests } from '../../src/index.ts';
import { policyOf } from '../support/compile.ts';

const POLICY = `package a

allow if {
	input.user == "root"
}

limit(x) := "low" if {
	x < 10
} else := "high" if {
	x < 20
}
`;

const TESTS = `package a_test

import data.a

test_root if {
	a.allow with input as {"user": "root"}
}

test_wrong if {
	expected := "low"
	got := a.limit(15)
	got == expected
}

test_false := false

test_conflict := x if some x in [1, 2]

todo_test_later if false

test_cases[name] := pass if {
	some name, want in {"one": 1, "two": 3}
	pass := want < 2
}

test_prints if {
	print("hello", 1)
}

helper_test if false
`;

const policy = policyOf(POLICY, TESTS);

test('tests pass, fail, end in errors or are left for later', () => {
  const report = runTests(policy);
  expect(report.results.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    'test_root pass',
    'test_wrong fail',
    'test_false fail',
    'test_conflict error',
    'todo_test_later skipped',
    'test_cases fail',
    'test_prints pass',
  ]);
  expect(report).toMatchObject({ passed: 2, failed: 3, errors: 1, skipped: 1 });
});

test('a failure shows its literal with the values of the variables in it', () => {
  const [result] = runTests(policy, { filter: /test_wrong$/ }).results;
  expect(result?.failedAt).toMatchObject({
    text: 'got == expected',
    parts: [
      { text: 'got', value: '"high"' },
      { text: 'expected', value: '"low"' },
    ],
    location: { file: 'm1.rego', row: 12 },
  });
  expect(result).toMatchObject({ path: 'data.a_test.test_wrong', file: 'm1.rego', row: 9 });
});

test('errors say what happened, cases which of them failed, prints what was printed', () => {
  const results = new Map(runTests(policy).results.map((result) => [result.name, result]));
  expect(results.get('test_conflict')?.message).toBe(
    'eval_conflict_error: rule data.a_test.test_conflict produced conflicting values:\n  1 at m1.rego:17\n  2 at m1.rego:17',
  );
  expect(results.get('test_cases')?.failedCases).toEqual(['two']);
  expect(results.get('test_prints')?.printed).toEqual(['hello 1']);
});

test('coverage counts rows that were looked at and heads that gave a value', () => {
  const { coverage } = runTests(policy, { coverage: true, filter: /test_(root|wrong)$/ });
  const file = coverage?.files.find((one) => one.file === 'm0.rego');
  expect(file).toMatchObject({ coveredRows: [3, 4, 8, 9, 10], missedRows: [7] });
  expect(file?.percent).toBeCloseTo(83.3, 1);
});

test('coverage does not change outcomes', () => {
  const outcomes = (coverage: boolean) =>
    runTests(policy, { coverage }).results.map(({ outcome }) => outcome);
  expect(outcomes(true)).toEqual(outcomes(false));
});

test('data is given to all tests', () => {
  const { policy: withData } = compilePolicy([
    { file: 't.rego', text: 'package t\n\ntest_data if data.x.y == 1\n' },
  ]);
  expect(runTests(withData!, { data: { x: { y: 1 } } }).passed).toBe(1);
  expect(runTests(withData!).failed).toBe(1);
});

test('a case whose body fails has failed, where the policy tells the cases that it comes to', () => {
  const text = `package t

test_sum[case.note] if {
	some case in [{"note": "ok", "a": 1}, {"note": "wrong", "a": 2}]
	got := case.a + 1
	got == 2
}

test_deep[k][n] if {
	some k in ["x"]
	some n in [1, 2]
	n < 2
}
`;
  const { policy: telling } = compilePolicy([{ file: 't.rego', text }], { testCases: true });
  const [sum, deep] = runTests(telling!).results;
  expect(sum).toMatchObject({
    outcome: 'fail',
    failedCases: ['wrong'],
    cases: [
      { name: 'ok', passed: true },
      { name: 'wrong', passed: false },
    ],
  });
  expect(deep).toMatchObject({ outcome: 'fail', failedCases: ['x/2'] });
});
