import { describe, expect, test } from 'vitest';
import { answer, policyOf } from '../support/compile.ts';

/** A module `a` of these lines. */
function lines(...texts: readonly string[]): string {
  return ['package a', '', ...texts, ''].join('\n');
}

describe('undefined is neither false nor null', () => {
  test('an undefined part makes a composite undefined', () => {
    expect(answer(lines('p := {"x": input.x, "y": 1}'), 'a/p', {})).toBe('undefined');
    expect(answer(lines('p := [input.x]'), 'a/p', {})).toBe('undefined');
    expect(answer(lines('p := {input.x}'), 'a/p', {})).toBe('undefined');
  });

  test('null is a value on every way', () => {
    const input = { x: null, xs: [null], m: { k: null } };
    expect(answer(lines('p := input.x'), 'a/p', input)).toBe('null');
    expect(answer(lines('p := input.xs[0]'), 'a/p', input)).toBe('null');
    expect(answer(lines('p if input.m.k'), 'a/p', input)).toBe('true');
    expect(answer(lines('p := data.base.k'), 'a/p', {}, { data: { base: { k: null } } })).toBe('null');
    expect(answer(lines('p := data.base[input.i]'), 'a/p', { i: 0 }, { data: { base: [null] } })).toBe(
      'null',
    );
    expect(answer(lines('p := null', 'q if p == null'), 'a/q')).toBe('true');
    expect(answer(lines('f(x) := null', 'q if f(1) == null'), 'a/q')).toBe('true');
  });

  test('false fails a body, and is a value of a rule', () => {
    expect(answer(lines('p if input.x'), 'a/p', { x: false })).toBe('undefined');
    expect(answer(lines('p := input.x'), 'a/p', { x: false })).toBe('false');
  });

  test('membership is a boolean where its operands are defined', () => {
    expect(answer(lines('p := "a" in input.xs'), 'a/p', { xs: ['b'] })).toBe('false');
    expect(answer(lines('p := "a" in input.xs'), 'a/p', {})).toBe('undefined');
    expect(answer(lines('p := "k", 1 in input.xs'), 'a/p', { xs: { k: 1 } })).toBe('true');
  });

  test('names of JavaScript’s own are no members', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'length']) {
      expect(answer(lines(`p := input.${name}`), 'a/p', {})).toBe('undefined');
      expect(answer(lines(`p := input.xs.${name}`), 'a/p', { xs: [1] })).toBe('undefined');
      expect(answer(lines(`p := data.${name}`), 'a/p')).toBe('undefined');
    }
  });
});

describe('negation', () => {
  const about = (literal: string): string => answer(lines(`p if not ${literal}`), 'a/p', {});

  test('a comparison with something undefined does not hold', () => {
    expect(about('input.x == "a"')).toBe('true');
    expect(about('input.x')).toBe('true');
    expect(about('input.x.y.z')).toBe('true');
  });

  test('an undefined argument stands outside of the negation, as in OPA', () => {
    expect(about('startswith(input.x, "a")')).toBe('undefined');
    expect(about('input.x > 1')).toBe('undefined');
    expect(about('input.x in [1]')).toBe('undefined');
    expect(about('[input.x] == [1]')).toBe('undefined');
    expect(about('lower(input.x) == "a"')).toBe('undefined');
  });

  test('a comprehension of nothing is empty, not undefined', () => {
    expect(about('count([1 | input.y]) == 1')).toBe('true');
  });

  test('what is bound inside stays inside', () => {
    const text = lines(
      'p if {',
      '\tnot q',
      '\tx := 1',
      '\tx == 1',
      '}',
      'q if {',
      '\tx := 2',
      '\tx == 1',
      '}',
    );
    expect(answer(text, 'a/p')).toBe('true');
  });
});

describe('rules', () => {
  test('the same value twice is fine', () => {
    expect(answer(lines('p := 1 if input.x', 'p := 1.0 if input.y'), 'a/p', { x: 1, y: 1 })).toBe('1');
  });

  test('[P-REGO-CONFLICT] two values of a complete rule end the evaluation', () => {
    const text = lines('p := 1 if input.x', 'p := 2 if input.y');
    expect(answer(text, 'a/p', { x: 1, y: 1 })).toBe(
      'eval_conflict_error: rule data.a.p produced conflicting values:\n  1 at m0.rego:3\n  2 at m0.rego:4',
    );
    expect(answer(text, 'a/p', { y: 1 })).toBe('2');
  });

  test('[P-REGO-CONFLICT] so do two values of one body', () => {
    expect(answer(lines('p := x if some x in input'), 'a/p', [1, 2])).toBe(
      'eval_conflict_error: rule data.a.p produced conflicting values:\n  1 at m0.rego:3\n  2 at m0.rego:3',
    );
    expect(answer(lines('p := x if some x in input'), 'a/p', [1, 1])).toBe('1');
  });

  test('[P-REGO-CONFLICT] and a conflict under a negation is no success', () => {
    const text = lines('p if not q', 'q := 1', 'q := 2');
    expect(answer(text, 'a/p')).toBe(
      'eval_conflict_error: rule data.a.q produced conflicting values:\n  1 at m0.rego:4\n  2 at m0.rego:5',
    );
  });

  test('[P-REGO-CONFLICT] two values under one key of a partial object', () => {
    const text = lines('p[k] := v if some [k, v] in input');
    expect(
      answer(text, 'a/p', [
        ['x', 1],
        ['x', 2],
      ]),
    ).toBe('eval_conflict_error: object keys must be unique');
    expect(
      answer(text, 'a/p', [
        ['x', 1],
        ['y', 2],
      ]),
    ).toBe('{"x":1,"y":2}');
  });

  test('[P-REGO-CONFLICT] two results of a function', () => {
    const text = lines('f(x) := 1', 'f(x) := 2 if x > 1', 'p := f(input)');
    expect(answer(text, 'a/p', 1)).toBe('1');
    expect(answer(text, 'a/p', 2)).toBe(
      'eval_conflict_error: function data.a.f produced conflicting values for the same inputs:\n  1 at m0.rego:3\n  2 at m0.rego:4',
    );
  });

  test('a lookup of one key is not disturbed by a conflict at another one, as in OPA', () => {
    const text = lines('p[k] := v if some [k, v] in input', 'q := p.y');
    expect(
      answer(text, 'a/q', [
        ['x', 1],
        ['x', 2],
        ['y', 3],
      ]),
    ).toBe('3');
  });

  test('else belongs to one chain', () => {
    const text = lines('p := 1 if input.a', 'else := 2 if input.b', 'else := 3');
    expect(answer(text, 'a/p', { a: 1, b: 1 })).toBe('1');
    expect(answer(text, 'a/p', { b: 1 })).toBe('2');
    expect(answer(text, 'a/p', {})).toBe('3');
  });

  test('separate chains can conflict', () => {
    const text = lines('p := 1 if input.a', 'else := 2', 'p := 3 if input.c');
    expect(answer(text, 'a/p', { c: 1 })).toContain('eval_conflict_error');
  });

  test('a default stands in for undefined, not for false', () => {
    expect(answer(lines('default p := 7', 'p := input.x'), 'a/p', {})).toBe('7');
    expect(answer(lines('default p := 7', 'p := input.x'), 'a/p', { x: false })).toBe('false');
  });

  test('a default function answers for every argument, undefined ones apart', () => {
    const text = lines('default f(_) := "no"', 'f(x) := "yes" if x == 1', 'p := f(input.x)');
    expect(answer(text, 'a/p', { x: 1 })).toBe('"yes"');
    expect(answer(text, 'a/p', { x: 2 })).toBe('"no"');
    expect(answer(text, 'a/p', {})).toBe('undefined');
  });

  test('partial sets and objects collect; without a member they are empty', () => {
    expect(answer(lines('p contains x if some x in input'), 'a/p', [2, 1, 2])).toBe('[1,2]');
    expect(answer(lines('p contains x if some x in input'), 'a/p', [])).toBe('[]');
    expect(answer(lines('p[x] := 1 if some x in input'), 'a/p', [])).toBe('{}');
    expect(answer(lines('p[x] if some x in input'), 'a/p', ['k'])).toBe('{"k":true}');
  });

  test('refs in heads nest, with rules of static heads beside', () => {
    const text = lines('p[x].y[z] := 1 if { x := "a"; z := "b" }', 'p.c.d := 2', 'q := p.a.y.b', 'r := p.c');
    expect(answer(text, 'a/p')).toBe('{"a":{"y":{"b":1}},"c":{"d":2}}');
    expect(answer(text, 'a/q')).toBe('1');
    expect(answer(text, 'a/r')).toBe('{"d":2}');
  });

  test('functions match their arguments', () => {
    const text = lines('f([x, 1]) := x', 'f({"k": v}) := v', 'f("s") := "text"', 'p := f(input)');
    expect(answer(text, 'a/p', ['y', 1])).toBe('"y"');
    expect(answer(text, 'a/p', ['y', 2])).toBe('undefined');
    expect(answer(text, 'a/p', { k: 3 })).toBe('3');
    expect(answer(text, 'a/p', { k: 3, l: 4 })).toBe('undefined');
    expect(answer(text, 'a/p', 's')).toBe('"text"');
  });
});

describe('every', () => {
  const text = lines('p if every x in input.xs { x > 1 }');

  test('holds for an empty domain and not for an undefined one', () => {
    expect(answer(text, 'a/p', { xs: [] })).toBe('true');
    expect(answer(text, 'a/p', {})).toBe('undefined');
    expect(answer(text, 'a/p', { xs: 5 })).toBe('undefined');
  });

  test('needs each member', () => {
    expect(answer(text, 'a/p', { xs: [2, 3] })).toBe('true');
    expect(answer(text, 'a/p', { xs: [2, 1] })).toBe('undefined');
    expect(answer(lines('p if every k, v in input { k != v }'), 'a/p', { a: 'b', c: 'c' })).toBe('undefined');
  });
});

describe('unification', () => {
  test('goes both ways and takes apart', () => {
    expect(answer(lines('p := [a, b] if [a, 1] = [2, b]'), 'a/p')).toBe('[2,1]');
    expect(answer(lines('p := x if {"k": [x, 2]} = input'), 'a/p', { k: [1, 2] })).toBe('1');
    expect(answer(lines('p := x if {"k": [x, 3]} = input'), 'a/p', { k: [1, 2] })).toBe('undefined');
    expect(answer(lines('p := [x, y] if { [x, y] = [y, 1] }'), 'a/p')).toBe('[1,1]');
  });

  test('literals are put in an order in which they can run', () => {
    expect(answer(lines('p := y if { y = x + 1; x = input }'), 'a/p', 1)).toBe('2');
  });

  test('a known variable is looked up, an unknown one is gone through', () => {
    const text = lines(
      'p contains i if { input.xs[i] == input.x }',
      'q if { i := 1; input.xs[i] == input.x }',
    );
    expect(answer(text, 'a/p', { xs: [1, 2, 1], x: 1 })).toBe('[0,2]');
    expect(answer(text, 'a/q', { xs: [1, 2, 1], x: 1 })).toBe('undefined');
    expect(answer(text, 'a/q', { xs: [1, 2, 1], x: 2 })).toBe('true');
  });

  test('an argument can take its value from a step of another one', () => {
    const text = lines(
      'p contains i if { some i; i == input.xs[i] }',
      'q contains i if { some i; i < input.xs[i] }',
    );
    expect(answer(text, 'a/p', { xs: [0, 2, 2] })).toBe('[0,2]');
    expect(answer(text, 'a/q', { xs: [0, 2, 2] })).toBe('[1]');
  });

  test('a builtin gives its result to a last argument', () => {
    expect(answer(lines('p := n if count(input, n)'), 'a/p', [1, 2])).toBe('2');
    expect(answer(lines('p if count(input, 2)'), 'a/p', [1, 2])).toBe('true');
  });

  test('walk gives paths and values', () => {
    const text = lines('p contains path if walk(input, [path, 1])');
    expect(answer(text, 'a/p', { a: [1, 2], b: { c: 1 } })).toBe('[["a",0],["b","c"]]');
  });
});

describe('comprehensions', () => {
  test('close over what is bound around them', () => {
    expect(answer(lines('p := [y | some y in input; y > x] if x := 1'), 'a/p', [1, 2, 3])).toBe('[2,3]');
  });

  test('arrays keep Rego’s order of objects and sets', () => {
    expect(answer(lines('p := [k | some k, _ in input]'), 'a/p', { b: 1, a: 1, 10: 1, 9: 1 })).toBe(
      '["10","9","a","b"]',
    );
    expect(answer(lines('p := [x | some x in {3, "a", 1}]'), 'a/p')).toBe('[1,3,"a"]');
  });

  test('[P-REGO-CONFLICT] two values under one key', () => {
    expect(answer(lines('p := {"k": x | some x in input}'), 'a/p', [1, 2])).toBe(
      'eval_conflict_error: object keys must be unique',
    );
  });
});

describe('documents', () => {
  test('a package is the document of its rules, functions apart', () => {
    const text = lines('p := 1', 'q := 2 if input.x', 'f(x) := x', 'r contains 1');
    expect(answer(text, 'a', {})).toBe('{"p":1,"r":[1]}');
    expect(answer(text, 'a/f', {})).toBe('undefined');
  });

  test('rules lie over base data', () => {
    const policy = policyOf(
      'package a.b\n\np := 1\n',
      'package c\n\nq := data.a[x].p if x := "b"\n\nr contains x if data.a[x]\n',
    );
    const data = { a: { z: 1, b: { w: 2 } } };
    expect(answer(policy, 'a', undefined, { data })).toBe('{"b":{"p":1,"w":2},"z":1}');
    expect(answer(policy, 'c/q', undefined, { data })).toBe('1');
    expect(answer(policy, 'c/r', undefined, { data })).toBe('["b","z"]');
    expect(answer(policy, 'a/b/w', undefined, { data })).toBe('2');
  });

  test('imports and other packages', () => {
    const policy = policyOf(
      'package lib\n\nf(x) := x + 1\n',
      'package a\n\nimport data.lib\nimport input.n as number\n\np := lib.f(number)\n',
    );
    expect(answer(policy, 'data.a.p', { n: 1 })).toBe('2');
  });

  test('a path of names that need quotes', () => {
    const policy = policyOf('package a["b.c"]\n\np := 1\n');
    expect(answer(policy, 'data.a["b.c"].p')).toBe('1');
    expect(answer(policy, 'a/b.c/p')).toBe('1');
  });
});
