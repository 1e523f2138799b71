import { describe, expect, test } from 'vitest';
import { rulesOf } from './show.ts';

const MODULE = 'import rego.v2\n';

function bodyOf(text: string): string {
  const [rule = ''] = rulesOf(`${MODULE}p if ${text}`);
  return rule.replace('complete p = true if ', '').slice(2, -2);
}

describe('and, or and not over bodies', () => {
  test.each([
    ['a and b', '{ a } and { b }'],
    ['a or b and c', '{ a } or { { b } and { c } }'],
    ['a and b or c', '{ { a } and { b } } or { c }'],
    ['(a or b) and c', '{ { a } or { b } } and { c }'],
    ['a or b or c', '{ { a } or { b } } or { c }'],
    ['not a and b', '{ not { a } } and { b }'],
    ['not (a and b)', 'not { { a } and { b } }'],
    ['not { a; b }', 'not { a; b }'],
    ['{ x := 1; x == 1 } and { b }', '{ x := 1; equal(x, 1) } and { b }'],
    ['a and b with input as 1', '{ a } and { b } with input as 1'],
    ['(a with input as 1) and b', '{ a with input as 1 } and { b }'],
    ['a == 1 or b > 2', '{ equal(a, 1) } or { gt(b, 2) }'],
    ['and(a, b) == or(c, d)', 'equal(and(a, b), or(c, d))'],
    ['(a == b)', 'equal(a, b)'],
    ['x.and.or', 'x.and.or'],
    ['[1 | a or b][0] and c', '{ [1 | { a } or { b }][0] } and { c }'],
  ])('%s', (text, tree) => {
    expect(bodyOf(text)).toBe(tree);
  });

  test('the words are names where nothing imports them', () => {
    expect(rulesOf('p if and\nand := 1')).toEqual(['complete p = true if { and }', 'complete and := 1']);
  });

  test('nested braces and parentheses are read in time', () => {
    for (const [open, close] of [
      ['{', '}'],
      ['(', ')'],
      ['{x | ', '}'],
      ['([x | ', '])'],
      ['not {[x | ', ']}'],
    ]) {
      const text = `${MODULE}p if ${open!.repeat(60)}a and${close!.repeat(60)}`;
      expect(() => rulesOf(text)).toThrow();
    }
  });
});
