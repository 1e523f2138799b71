import { describe, expect, test } from 'vitest';
import { compilePolicy, fromJson } from '../../src/index.ts';
import { answer, policyOf } from '../support/compile.ts';

/** What generated programs showed to be different from OPA; the answers are OPA's. */
describe('cases of the differential runs', () => {
  test('references go out of a negated `==` in a query, and stay in one in a rule', () => {
    const policy = policyOf('package t\n\np if not input == 1\n');
    expect(answer(policy, 't/p')).toBe('true');
    const { query } = policy.prepareQuery('not input == 1');
    expect(query?.evaluate(undefined)).toMatchObject({ bindings: [] });
    expect(query?.evaluate(2)).toMatchObject({ bindings: [{}] });
  });

  test('of two equal keys the last one counts, even where the value of the first is undefined', () => {
    expect(answer('package t\n\np := {false: input.x, false: 1}\n', 't/p')).toBe('{"false":1}');
  });

  test('a conflict names its branch, and lists the values of all rules', () => {
    const text = 'package t\n\np := 4\n\np := 3 if {\n\tinput.x\n} else := 1\n';
    const result = policyOf(text).prepare('t/p').evaluate({});
    expect(result).toMatchObject({
      code: 'eval_conflict_error',
      location: { row: 7, column: 3 },
      message: 'rule data.t.p produced conflicting values:\n  4 at m0.rego:3\n  1 at m0.rego:7',
    });
  });

  test('where builtin errors are strict, the first of them goes before a conflict', () => {
    const text = 'package t\n\np := 1 / input.zero\n\nq := x if some x in input.many\n';
    const input = fromJson('{"zero": 0, "many": [1, 2]}');
    expect(answer(text, 't', input, { strict: true })).toBe('eval_builtin_error: div: divide by zero');
    expect(answer(text, 't', input)).toContain('eval_conflict_error');
  });

  test('paths in messages are quoted on every back end', () => {
    const text = 'package t\n\np["a b"] := x if some x in input\n';
    expect(answer(text, 't/p', [1, 2])).toContain('rule data.t.p["a b"] produced conflicting values');
  });

  test('what variables below base data are is not told by the rules of other packages', () => {
    const text = 'package t\n\nq := 1 if some x in input\n\np := x % 1 if data.d[x]\n';
    expect(compilePolicy([{ file: 't.rego', text }]).diagnostics).toEqual([]);
  });
});
