import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../../src/index.ts';
import { compileOnAll } from '../support/back-ends.ts';
import { answer, policyOf } from '../support/compile.ts';

function compiled(text: string, backend?: 'closures' | 'generated') {
  const { policy } = compilePolicy([{ file: 'a.rego', text }], backend === undefined ? {} : { backend });
  return policy!;
}

describe('the back end', () => {
  test('is generated code, unless closures are asked for', () => {
    expect(compiled('package a\n\np := 1\n').backend).toBe('generated');
    expect(compiled('package a\n\np := 1\n', 'closures').backend).toBe('closures');
  });

  test('gives way to closures for an evaluation that is observed', () => {
    const entered: number[] = [];
    const observer = {
      enter: ({ row }: { readonly row: number }) => entered.push(row),
      fail: () => undefined,
      exit: () => undefined,
    };
    const query = compiled('package a\n\np if {\n\tinput.x\n\tinput.y\n}\n').prepare('a/p');
    expect(query.evaluate({ x: 1, y: 1 }, { observer }).kind).toBe('value');
    expect(entered).toEqual([4, 5]);
    expect(query.evaluate({ x: 1, y: 1 }).kind).toBe('value');
    expect(entered).toEqual([4, 5]);
  });
});

test('a rule that is used often goes on as generated code, with the same answers', () => {
  const rules = Array.from(
    { length: 5 },
    (_none, index) => `p := ${index} if { input.x == ${index}; f(input.y) }`,
  );
  const sets =
    'q contains y if { some y in input.ys; y > 1 }\n\nf(1) if true\n\nf(2) if true\n\nf(3) if input.z';
  const text = `package a\n\n${rules.join('\n\n')}\n\n${sets}\n`;
  const [policy, closures] = [compiled(text), compiled(text, 'closures')];
  for (let turn = 0; turn < 100; turn++) {
    for (const path of ['a/p', 'a/q']) {
      for (const input of [{ x: 1, y: 1 }, { x: 2, y: 3 }, { ys: [1, 2, 3] }, { x: 1, y: 2 }]) {
        expect(policy.prepare(path).evaluate(input)).toEqual(closures.prepare(path).evaluate(input));
      }
    }
  }
});

test('rules nested too deeply for JavaScript’s own parser run as closures', () => {
  const depth = 1200;
  const scans = Array.from({ length: depth }, (_none, index) => `some x${index} in input.xs`);
  const policy = compiled(`package a\n\np if { ${scans.join('; ')} }\n\nq := 1\n`);
  expect(policy.prepare('a/q').evaluate({})).toMatchObject({ kind: 'value', value: 1 });
  expect(policy.prepare('a/p').evaluate({ xs: [1] }).kind).not.toBe('undefined');
  expect(policy.prepare('a/p').evaluate({ xs: [] }).kind).toBe('undefined');
});

describe('both back ends agree', () => {
  test('where a `with` is left, entered again and left for good', () => {
    const text = `package a

q := input.x

r contains [i, j, q] if {
	some i in [1, 2]
	j := q with input.x as i
	some k in [1, 2, 3]
	k > j
}

s := [q, t, q] if {
	t := [y | some i in [1, 2, 3]; y := q with input.x as i; y != 2]
}

u if {
	every i in [1, 2] {
		q == i with input.x as i
		q == 9
	}
	not q == 1
	q == 9
}

again contains [i, q, input.x] if {
	input.xs[i] == input.x with input.x as 2
	q == 9
	i != 1
}

v := w if {
	z := q
	w := q + z with input.x as 1
	q == 9
}
`;
    expect(answer(text, 'a/r', { x: 9 })).toBe('[[1,1,9],[2,2,9]]');
    expect(answer(text, 'a/s', { x: 9 })).toBe('[9,[1,3],9]');
    expect(answer(text, 'a/u', { x: 9 })).toBe('true');
    expect(answer(text, 'a/v', { x: 9 })).toBe('10');
    expect(answer(text, 'a/again', { x: 9, xs: [2, 2, 9, 2] })).toBe('[[0,9,9],[3,9,9]]');
  });

  test('on budgets, at every number of operations', () => {
    const text =
      'package a\n\np contains y if { some x in input; f(x); y := [z | some z in input; z > x] }\n\nf(x) if x > 1\n\nf(x) if every y in input { y >= x }\n';
    const policy = policyOf(text);
    const kinds = new Set<string>();
    for (let operationsMax = 0; operationsMax < 60; operationsMax++) {
      kinds.add(policy.prepare('a/p').evaluate([1, 2, 3, 4], { operationsMax }).kind);
    }
    expect([...kinds].sort()).toEqual(['error', 'value']);
  });

  test('on conflicts, in rules, functions and objects, and where they are', () => {
    const text = `package a

p := 1 if input.a

p := 2 if input.b

p := x if some x in input.xs

f(x) := 1 if x > 0

f(x) := 2 if x > 1

g := f(input.n)

o[k] := v if some [k, v] in input.pairs

c := {k: v | some [k, v] in input.pairs}
`;
    const policy = policyOf(text);
    const inputs = [
      { a: 1 },
      { a: 1, b: 1 },
      { xs: [3, 3] },
      { xs: [3, 4] },
      { b: 1, xs: [2] },
      { n: 1 },
      { n: 2 },
      { pairs: [] },
      {
        pairs: [
          ['x', 1],
          ['x', 1],
        ],
      },
      {
        pairs: [
          ['x', 1],
          ['x', 2],
        ],
      },
    ];
    const kinds = new Set<string>();
    for (const path of ['a/p', 'a/g', 'a/o', 'a/c', 'a']) {
      for (const input of inputs) kinds.add(policy.prepare(path).evaluate(input).kind);
    }
    expect([...kinds].sort()).toEqual(['error', 'undefined', 'value']);
  });

  test('on what a builtin’s failure does, and which is the first', () => {
    const text =
      'package a\n\np := {input.k / 0: input.v % 0}\n\nq := [1 / 0, to_number("x")]\n\nr := {x: y | x := input.xs[_]; y := 1 / x}\n';
    const policy = policyOf(text);
    for (const path of ['a/p', 'a/q', 'a/r']) {
      for (const strict of [true, false]) {
        const result = policy.prepare(path).evaluate({ k: 1, v: 1, xs: [1, 0, 2] }, { strict });
        expect(result.kind === 'error').toBe(strict);
      }
    }
  });

  test('on orders of numbers of any size, and of values that are none', () => {
    const policy = policyOf(
      'package a\n\np := [input.x < input.y, input.x <= 2, input.x > 2, 2 >= input.x, input.x == input.y, input.x != 2]\n',
    );
    const values = policyOf(
      'package a\n\np := [1, 2, 2.5, -1, 9007199254740993, 1e400, 0.1, "2", null, true, [2], {}, {"a": 1}, {2}]\n',
    )
      .prepare('a/p')
      .evaluate({});
    if (values.kind !== 'value') throw new Error(values.kind);
    const members = values.value as readonly (typeof values.value)[];
    for (const x of members) {
      for (const y of members) expect(answer(policy, 'a/p', { x, y })).toMatch(/^\[/);
    }
  });
});

test.each([
  ['count(1)', undefined],
  ['count("añ")', 2],
  ['count([1, [2]])', 2],
  ['count({1, 2, 3})', 3],
  ['count(input.list)', 3],
  ['count(input.text)', 5],
  ['count(input.object)', 1],
  ['startswith(1, "a")', undefined],
  ['startswith(input.text, "he")', true],
  ['endswith(input.text, 1)', undefined],
  ['endswith(input.list, "lo")', undefined],
  ['contains("hello", input.text)', true],
  ['contains(input.text, "x")', false],
])('`%s` is the same with a shortcut and without', (text, expected) => {
  const source = { file: 'a.rego', text: `package t\n\np := ${text}\n` };
  const { policy, diagnostics } = compileOnAll([source], { skip: ['types'] });
  expect(diagnostics).toEqual([]);
  const input = { text: 'hello', list: [1, 2, 3], object: { a: 1 } };
  const answer = policy!.prepare('t/p').evaluate(input);
  expect(answer).toMatchObject(expected === undefined ? { kind: 'undefined' } : { value: expected });
});
