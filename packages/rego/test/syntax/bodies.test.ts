import { describe, expect, test } from 'vitest';
import { parseQuery } from '../../src/syntax/index.ts';
import { query } from './show.ts';

const faults = (text: string, version: 0 | 1 = 1): string[] =>
  parseQuery(text, { file: 'query', version }).diagnostics.map(({ message }) => message);

describe('literals', () => {
  test.each([
    ['a; b\nc', 'a; b; c'],
    ['a = b; c := [d, _]', 'a = b; c := [d, $0]'],
    ['eq(a, 1); assign(b, 2)', 'a = 1; b := 2'],
    ['not a.b', 'not a.b'],
    ['not x in xs', 'not internal.member_2(x, xs)'],
    ['f(x) == 1 with input as {"a": 1}', 'equal(f(x), 1) with input as {"a": 1}'],
    ['a with input.x as 1 with data.f as g', 'a with input.x as 1 with data.f as g'],
    ['some x, y', 'some x, y'],
    ['some x in xs', 'some x in xs'],
    ['some k, v in xs with input as 1', 'some k, v in xs with input as 1'],
    ['some [a, b], {"c": c} in xs', 'some [a, b], {"c": c} in xs'],
    ['every x in xs { x > 1; x < 3 }', 'every x in xs { gt(x, 1); lt(x, 3) }'],
    ['every k, v in xs { v } with input as 1', 'every k, v in xs { v } with input as 1'],
    ['default.x == 1', 'equal(default.x, 1)'],
  ])('%s', (text, tree) => {
    expect(query(text)).toBe(tree);
  });

  test('know their place in the body', () => {
    const { body } = parseQuery('a; b\nc; d', { file: 'query' });
    expect(body?.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  });

  test('span from the first token to the last', () => {
    const text = 'x := 1 ;  not f(y)[0] with input as 2 # end';
    const { body } = parseQuery(text, { file: 'query' });
    expect(body?.map(({ location }) => text.slice(location.start, location.end))).toEqual([
      'x := 1',
      'not f(y)[0] with input as 2',
    ]);
  });
});

describe('refused literals, in the words of OPA', () => {
  test.each([
    ['a = b = c', 'unexpected eq token'],
    ['not not a', 'unexpected not keyword'],
    ['not some x in xs', "unexpected some keyword: illegal negation of 'some'"],
    ['not every x in xs { x }', "unexpected every keyword: illegal negation of 'every'"],
    ['some x + 1', 'unexpected eof token: expected `x in xs` or `x, y in xs` expression'],
    ['some 1', 'unexpected number token: expected var'],
    ['every x { y }', 'unexpected { token: expected `x[, y] in xs { ... }` expression'],
    ['every 1 in xs { y }', 'unexpected { token: expected value to be a variable'],
    ['every 1, x in xs { y }', 'unexpected { token: expected key to be a variable'],
    ['every x in xs', 'unexpected eof token: missing body'],
    ['every x in xs {}', 'found empty body'],
    ['a with 1 as 2', 'unexpected number token: expected ident'],
    ['a with f(x) as 2', 'unexpected as keyword: expected with target path'],
    ['a with input', 'unexpected eof token: expected as keyword'],
    ['[x | a b]', 'unexpected identifier token: expected \\n or ; or ]'],
    ['(a', 'non-terminated expression'],
    ['a[1', 'unexpected eof token: expected ['],
    ['f(a b)', 'unexpected identifier token: expected "," or ")"'],
    ['{1: 2, 3}', 'unexpected } token: expected ":"'],
    ['{a b}', 'unexpected identifier token: non-terminated set'],
    ['{a: b c}', 'unexpected identifier token: non-terminated object'],
    ['a ^ b', 'illegal token'],
  ])('%s', (text, message) => {
    expect(faults(text)[0]).toBe(message);
  });

  test('in version 0 a word that wants an import is hinted at', () => {
    expect(faults('[1 | some x in xs]', 0)).toEqual([
      'unexpected identifier token: expected \\n or ; or ] (hint: `import future.keywords.in` for `some x in xs` expressions)',
    ]);
    expect(faults('[1 | x in xs]', 0)).toEqual([
      'unexpected identifier token: expected \\n or ; or ] (hint: `import future.keywords.in` for `x in xs` expressions)',
    ]);
  });
});

test('an empty query is refused', () => {
  expect(faults(' # nothing')).toEqual(['found empty body']);
});
