import { describe, expect, test } from 'vitest';
import { compilePolicy, fromJson, type JsonObject, runTests, type TestReport } from '../../src/index.ts';
import { nodeCrypto, runTestsInThreads } from '../../src/node.ts';

const POLICY = `package a

allow if input.user in data.users

limit(x) := "low" if x < 10

limit(x) := "high" if x >= 10
`;

/** Forty tests of every outcome, some of which take a while. */
const TESTS = `package a_test

import data.a

${Array.from(
  { length: 10 },
  (_none, at) => `
test_pass_${at} if {
	print("number", ${at})
	count({z | some x in numbers.range(1, data.load); some y in numbers.range(1, data.load); z := x * y}) > ${at}
}

test_fail_${at} if {
	x := ${at}
	trace("seen")
	a.limit(x) == "none"
}

test_cases_${at}[name] if {
	some name, x in {"a": 1, "b": ${at}, "c": 20}
	a.limit(x) == "low"
}

test_error_${at} := x if some x in [1, {${at}}]
`,
).join('')}
todo_test_later if false

test_data if a.allow with input.user as 12345678901234567890

test_crypto if crypto.sha256("a") != ""
`;

/** `load` makes the tests so long that other threads have a part in them. */
function dataOf(load: number): JsonObject {
  return fromJson(`{"users": ["ann", 12345678901234567890], "load": ${load}}`) as JsonObject;
}
const sources = [
  { file: 'a.rego', text: POLICY },
  { file: 'a_test.rego', text: TESTS },
];
const compiled = compilePolicy(sources, { testCases: true });
if (compiled.policy === undefined) throw new Error(JSON.stringify(compiled.diagnostics));

/** Without times, which differ from run to run. */
function timeless({ durationMs: _durationMs, results, ...report }: TestReport): object {
  return { ...report, results: results.map(({ durationMs: _one, ...result }) => result) };
}

describe('tests in threads', () => {
  test.each([
    ['plain', 300, {}],
    ['with coverage', 150, { coverage: true }],
    ['with traces and values', 20, { trace: { of: 'all', explain: 'full', variables: true } }],
    ['some of them', 1, { filter: /test_(fail|cases)/ }],
  ] as const)('give the report that they give one after another: %s', async (_about, load, options) => {
    const data = dataOf(load);
    const policy = compiled.policy!;
    const sequential = runTests(policy, { ...options, data, host: { crypto: nodeCrypto } });
    const threaded = await runTestsInThreads(policy, sources, { ...options, data, threads: 3, aloneMs: 0 });
    expect(timeless(threaded)).toEqual(timeless(sequential));
    expect(sequential.failed).toBeGreaterThan(0);
  });

  test('what a thread that breaks down had taken is run all the same', async () => {
    // The other threads get sources that do not compile.
    const broken = [{ file: 'a.rego', text: 'package' }];
    const data = dataOf(300);
    const options = { data, threads: 3, aloneMs: 0 };
    const report = await runTestsInThreads(compiled.policy!, broken, options);
    expect(timeless(report)).toEqual(
      timeless(runTests(compiled.policy!, { data, host: { crypto: nodeCrypto } })),
    );
  });
});
