import { describe, expect, test } from 'vitest';
import { parseTerm } from '../../src/syntax/index.ts';
import { query, showTerm } from './show.ts';

const term = (text: string): string => {
  const { term: node, diagnostics } = parseTerm(text, { file: 'term' });
  return node ? showTerm(node) : diagnostics.map(({ message }) => message).join('; ');
};

describe('operators', () => {
  test.each([
    ['1 + 2 * 3 - 4', 'minus(plus(1, mul(2, 3)), 4)'],
    ['1 - 2 - 3', 'minus(minus(1, 2), 3)'],
    ['8 / 4 % 3', 'rem(div(8, 4), 3)'],
    ['(1 + 2) * 3', 'mul(plus(1, 2), 3)'],
    ['a & b | c & d', 'or(and(a, b), and(c, d))'],
    ['a | b == c | d', 'equal(or(a, b), or(c, d))'],
    ['a == b != c', 'neq(equal(a, b), c)'],
    ['a <= b', 'lte(a, b)'],
    ['a < 1 + 1', 'lt(a, plus(1, 1))'],
    ['a >= b', 'gte(a, b)'],
    ['a > b', 'gt(a, b)'],
    ['x in xs', 'internal.member_2(x, xs)'],
    ['x + 1 in xs | ys', 'internal.member_2(plus(x, 1), or(xs, ys))'],
    ['x in xs in ys', 'internal.member_2(internal.member_2(x, xs), ys)'],
    ['k, v in xs', 'internal.member_3(k, v, xs)'],
    ['-x', 'minus(0, x)'],
    ['-input.x + 1', 'plus(minus(0, input.x), 1)'],
    ['-1 - -2', 'minus(-1, -2)'],
    ['x -1', 'minus(x, 1)'],
  ])('%s', (text, tree) => {
    expect(term(text)).toBe(tree);
  });

  test('a comma in a list separates items, in parentheses it gives a key', () => {
    expect(term('[1, 2 in xs]')).toBe('[1, internal.member_2(2, xs)]');
    expect(term('[(1, 2 in xs)]')).toBe('[internal.member_3(1, 2, xs)]');
    expect(term('f(1, 2 in xs)')).toBe('f(1, internal.member_2(2, xs))');
  });
});

describe('scalars', () => {
  test.each([
    ['null', 'null'],
    ['true', 'true'],
    ['12345678901234567890', '12345678901234567890'],
    ['1.50', '1.50'],
    ['1e3', '1e3'],
    ['- 1', '-1'],
    ['.5', '0.5'],
    ['-.5', '-0.5'],
    ['0.1', '0.1'],
    ['"a\\tb\\u00e9\\/"', '"a\\tbé/"'],
    ['`a\\t\nb`', '"a\\\\t\\nb"'],
    ['"\\ud800x"', '"\ufffdx"'],
    ['""', '""'],
  ])('%s', (text, tree) => {
    expect(term(text)).toBe(tree);
  });

  test.each([
    ['007', 'unexpected number token: expected number without leading zero'],
    ['1e65536000', 'number too big'],
    ['-x.-', 'unexpected minus token: expected identifier'],
    ['- "a"', 'unexpected string token: expected number'],
    ['"a\\u12zz"', 'illegal string literal: "a\\u12zz"'],
  ])('%s is refused', (text, message) => {
    expect(term(text)).toBe(message);
  });
});

describe('references and calls', () => {
  test.each([
    ['a.b["c-d"][e].f', 'a.b["c-d"][e].f'],
    ['input', 'input'],
    ['a[b.c]', 'a[b.c]'],
    ['a[_][_]', 'a[$0][$1]'],
    ['input.if.contains.default', 'input.if.contains.default'],
    ['default.x', 'default.x'],
    ['f(x).y[z]', 'f(x).y[z]'],
    ['[1, 2][0]', '[1, 2][0]'],
    ['{"a": 1}.a', '{"a": 1}.a'],
    ['io.jwt.decode(x)', 'io.jwt.decode(x)'],
    ['data.lib.f(x, )', 'data.lib.f(x)'],
    ['set()', 'set()'],
    ['contains("ab", "a")', 'contains("ab", "a")'],
  ])('%s', (text, tree) => {
    expect(query(text)).toBe(tree);
  });

  test('white space ends a reference', () => {
    expect(term('a [b]')).toBe('unexpected [ token');
    expect(term('f (x)')).toBe('unexpected ( token');
    expect(term('a. b')).toBe('unexpected whitespace token: expected identifier');
  });

  test('a scalar cannot head one', () => {
    expect(term('"a".b')).toBe('illegal ref (head cannot be string)');
  });

  test('a function is not chosen by a computed reference', () => {
    expect(term('a[x](y)')).toBe('undefined function a[x]');
  });
});

describe('collections', () => {
  test.each([
    ['[]', '[]'],
    ['[1, [2], ]', '[1, [2]]'],
    ['{}', '{}'],
    ['{1, "a"}', 'set(1, "a")'],
    ['{, 1}', 'set(1)'],
    ['{"a": 1, x: {y}, }', '{"a": 1, x: set(y)}'],
    ['{1 + 1: 2}', '{plus(1, 1): 2}'],
    ['[x | x := 1; x > 0]', '[x | x := 1; gt(x, 0)]'],
    ['{x | some x in xs}', '{x | some x in xs}'],
    ['{k: v | some k, v in xs\n v > 1}', '{k: v | some k, v in xs; gt(v, 1)}'],
    ['{a | b}', '{a | b}'],
    ['{a | b, c}', 'set(or(a, b), c)'],
    ['[a | b, c]', '[or(a, b), c]'],
    ['{a + b | c}', 'set(or(plus(a, b), c))'],
    ['{, a | b}', 'set(or(a, b))'],
    ['{"k": a + b | c}', '{"k": or(plus(a, b), c)}'],
  ])('%s', (text, tree) => {
    expect(term(text)).toBe(tree);
  });

  test('nested readings that fail cost no exponential time', () => {
    const depth = 60;
    const text = `${'[a | '.repeat(depth)}b${', c]'.repeat(depth)}`;
    expect(term(text)).toBe(`${'[or(a, '.repeat(depth)}b${'), c]'.repeat(depth)}`);
  });
});

describe('template strings', () => {
  test.each([
    ['$"a{b}c"', 'template("a", b, "c")'],
    ['$"{x + 1}{"lit"}"', 'template(plus(x, 1), "lit")'],
    ['$"a\\{b}\\n"', 'template("a{b}\\n")'],
    ['$`a\\{b}\\n{c}`', 'template("a{b}\\\\n", c)'],
    ['$"{ {"a": $"{x}"}.a }"', 'template({"a": template(x)}.a)'],
    ['$""', 'template()'],
  ])('%s', (text, tree) => {
    expect(term(text)).toBe(tree);
  });

  test.each([
    ['$"{not a}"', "unexpected negation ('not') in template-string expression"],
    ['$"{a = b}"', "unexpected unification ('=') in template-string expression"],
    ['$"{a := b}"', "unexpected assignment (':=') in template-string expression"],
    ['$"{some x in y}"', "unexpected 'some' in template-string expression"],
    ['$"{a b}"', 'expected } to end template string expression'],
  ])('%s is refused', (text, message) => {
    expect(term(text)).toContain(message);
  });
});
