import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../../src/index.ts';
import { BACKENDS } from '../support/back-ends.ts';
import { answer, policyOf } from '../support/compile.ts';

describe('results', () => {
  test('name the rules that gave a value, with file and row', () => {
    const policy = policyOf('package a\n\ndefault p := false\n\np if q\n\np if input.y\n\nq if input.x\n');
    const result = policy.prepare('a/p').evaluate({ x: 1 });
    expect(result).toMatchObject({
      kind: 'value',
      value: true,
      rules: [
        { path: 'data.a.q', file: 'm0.rego', row: 9 },
        { path: 'data.a.p', file: 'm0.rego', row: 5 },
      ],
    });
    expect(policy.prepare('a/p').evaluate({})).toMatchObject({
      value: false,
      rules: [{ path: 'data.a.p', file: 'm0.rego', row: 3 }],
    });
  });

  test('an else branch is named by its own row', () => {
    const policy = policyOf('package a\n\np := 1 if {\n\tinput.x\n} else := 2\n');
    expect(policy.prepare('a/p').evaluate({})).toMatchObject({ value: 2, rules: [{ row: 5 }] });
  });

  test('count the rules that were tried', () => {
    const policy = policyOf('package a\n\np if input.x == 1\n\np if input.y == 1\n');
    expect(policy.prepare('a/p').evaluate({})).toMatchObject({
      kind: 'undefined',
      rules: [],
      rulesEvaluated: 2,
    });
  });

  test('the list of rules can be left out', () => {
    const policy = policyOf('package a\n\np := 1\n');
    expect(policy.prepare('a/p').evaluate({}, { recordRules: false })).toMatchObject({ value: 1, rules: [] });
  });
});

describe('errors', () => {
  test('a builtin’s failure is undefined, or an error in strict mode', () => {
    const policy = policyOf('package a\n\np := 1 / input.x\n\nq if not p\n');
    expect(policy.prepare('a/p').evaluate({ x: 0 }).kind).toBe('undefined');
    expect(policy.prepare('a/p').evaluate({ x: 0 }, { strict: true })).toMatchObject({
      kind: 'error',
      code: 'eval_builtin_error',
      message: 'div: divide by zero',
      location: { file: 'm0.rego', row: 3 },
    });
  });

  test('[P-REGO-BUDGET] operations are limited', () => {
    const policy = policyOf('package a\n\np := count([1 | some i in input; some j in input; i != j])\n');
    const input = Array.from({ length: 1000 }, (_value, index) => index);
    expect(policy.prepare('a/p').evaluate(input, { operationsMax: 10_000 })).toMatchObject({
      kind: 'error',
      code: 'eval_cancel_error',
    });
    expect(policy.prepare('a/p').evaluate(input.slice(0, 3), { operationsMax: 10_000 }).kind).toBe('value');
  });

  test('[P-REGO-BUDGET] a deadline that has passed ends the evaluation', () => {
    const policy = policyOf('package a\n\np := count([1 | some i in input; some j in input; i != j])\n');
    const input = Array.from({ length: 300 }, (_value, index) => index);
    expect(policy.prepare('a/p').evaluate(input, { deadlineMs: -1 })).toMatchObject({
      kind: 'error',
      code: 'eval_cancel_error',
    });
  });

  test('an evaluation leaves nothing behind for the next one', () => {
    const policy = policyOf('package a\n\np := 1 if input.x\n\np := 2 if input.y\n');
    const query = policy.prepare('a/p');
    expect(query.evaluate({ x: 1, y: 1 }).kind).toBe('error');
    expect(query.evaluate({ x: 1 })).toMatchObject({ value: 1 });
    expect(query.evaluate({ y: 1 })).toMatchObject({ value: 2 });
  });
});

describe('queries', () => {
  const policy = policyOf('package a\n\nxs := [1, 2]\n\nf(x) := x + 1\n');

  test('give one set of bindings for each answer', () => {
    const { query } = policy.prepareQuery('some i, x in data.a.xs; y := data.a.f(x)');
    const result = query!.evaluate(undefined);
    expect(result.kind === 'bindings' && result.bindings.map((one) => ({ ...one }))).toEqual([
      { i: 0, x: 1, y: 2 },
      { i: 1, x: 2, y: 3 },
    ]);
  });

  test('see a package’s names where it is given', () => {
    expect(policy.prepareQuery('y := f(1)', { package: 'a' }).query?.evaluate(undefined)).toMatchObject({
      bindings: [{ y: 2 }],
    });
    expect(policy.prepareQuery('y := f(1)').diagnostics[0]?.message).toBe('undefined function f');
  });

  test('wrong ones are diagnostics', () => {
    expect(policy.prepareQuery('x ==').query).toBeUndefined();
    expect(policy.prepareQuery('x == 1').diagnostics[0]?.message).toBe('var x is unsafe');
  });
});

describe.each(BACKENDS)('on %s', (backend) => {
  test('[P-REGO-NO-THROW] a chain of rules too deep for the stack is an error, not a crash', () => {
    const size = 20_000;
    const rules = Array.from({ length: size }, (_value, index) => `p${index} := p${index + 1}`);
    const text = `package a\n\n${rules.join('\n')}\n\np${size} := 1\n`;
    const { policy } = compilePolicy([{ file: 'a.rego', text }], { backend });
    const result = policy!.prepare('a/p0').evaluate({});
    expect(
      result.kind === 'value' || (result.kind === 'error' && result.code === 'eval_internal_error'),
    ).toBe(true);
  });
});

describe('many rules', () => {
  const count = 300;
  const rules = Array.from(
    { length: count },
    (_value, index) => `p := ${index} if input.tool == "t${index}"`,
  );

  test('only those are tried whose comparison can hold', () => {
    const policy = policyOf(['package a', ...rules, 'p := 999 if input.all == true'].join('\n'));
    const result = policy.prepare('a/p').evaluate({ tool: 't7' });
    expect(result).toMatchObject({ value: 7, rulesEvaluated: 2 });
    expect(policy.prepare('a/p').evaluate({ tool: 't7', all: true }).kind).toBe('error');
    expect(policy.prepare('a/p').evaluate({ all: true })).toMatchObject({ value: 999 });
    expect(policy.prepare('a/p').evaluate({ tool: ['t7'] }).kind).toBe('undefined');
  });

  test('by membership, by arguments, by base data and through a local', () => {
    const text = [
      'package a',
      'p contains "one" if input.x in {"a", "b"}',
      'p contains "two" if input.x in ["b", "c"]',
      'p contains "three" if { y := input.x; y == "c" }',
      'f("a") := 1',
      'f("b") := 2',
      'f(x) := 3 if x == "c"',
      'q := f(input.x)',
      'r := 1 if data.mode == "m1"',
      'r := 2 if data.mode == "m2"',
      'r := 3 if "m3" == data.mode',
    ].join('\n');
    expect(answer(text, 'a/p', { x: 'b' })).toBe('["one","two"]');
    expect(answer(text, 'a/p', { x: 'c' })).toBe('["three","two"]');
    expect(answer(text, 'a/q', { x: 'a' })).toBe('1');
    expect(answer(text, 'a/q', { x: 'c' })).toBe('3');
    expect(answer(text, 'a/q', { x: 'd' })).toBe('undefined');
    expect(answer(text, 'a/r', {}, { data: { mode: 'm3' } })).toBe('3');
    expect(answer(text, 'a/r', {}, { data: {} })).toBe('undefined');
  });

  test('numbers, null and booleans select rules too', () => {
    const text = [
      'package a',
      'p := "n" if input.x == null',
      'p := "t" if input.x == true',
      'p := "1" if input.x == 1.0',
    ].join('\n');
    expect(answer(text, 'a/p', { x: null })).toBe('"n"');
    expect(answer(text, 'a/p', { x: true })).toBe('"t"');
    expect(answer(text, 'a/p', { x: 1 })).toBe('"1"');
    expect(answer(text, 'a/p', { x: '1' })).toBe('undefined');
  });
});

describe('the policy', () => {
  test('lists rules, packages and entrypoints', () => {
    const policy = policyOf(
      '# METADATA\n# entrypoint: true\npackage a.b\n\n# METADATA\n# entrypoint: true\np if input.x\n\np if input.y\n\nq contains 1\n',
    );
    expect(policy.packages).toEqual(['a/b']);
    expect(policy.rulePaths).toEqual(['a/b/p', 'a/b/q']);
    expect(policy.entrypoints().map(({ path }) => path)).toEqual(['a/b', 'a/b/p']);
  });

  test('prints go to the host', () => {
    const printed: string[] = [];
    const policy = policyOf('package a\n\np if {\n\tprint("x is", input.x, input.none)\n}\n');
    const result = policy
      .prepare('a/p')
      .evaluate({ x: 1 }, { host: { printed: (text) => printed.push(text) } });
    expect(result.kind).toBe('value');
    expect(printed).toEqual(['x is 1 <undefined>']);
  });

  test('time stands still within one evaluation and can be given', () => {
    const policy = policyOf('package a\n\np := time.now_ns()\n\nq if p == time.now_ns()\n');
    expect(answer(policy, 'a/p', {}, { timeNs: 1_000_000_000n })).toBe('1000000000');
    expect(answer(policy, 'a/q', {})).toBe('true');
  });

  test('template strings show what is undefined', () => {
    expect(answer('package a\n\np := $"x={input.x} y={input.y}"\n', 'a/p', { x: 1 })).toBe(
      '"x=1 y=<undefined>"',
    );
  });
});
