import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/value/index.ts';
import {
  canonicalText,
  compare,
  compareStrings,
  equal,
  fromJson,
  makeObject,
  memberKey,
  numberFromText,
  RegoSet,
  toJson,
  truthy,
  typeName,
  valueText,
} from '../../src/value/index.ts';
import { value } from './arbitrary-value.ts';

const LADDER: readonly Value[] = [
  null,
  false,
  true,
  -1,
  0.5,
  1,
  numberFromText('1e400')!,
  '',
  'A',
  'a',
  '\uffee',
  '\u{1F600}',
  [],
  [1],
  [1, 1],
  [2],
  {},
  { a: 1 },
  { a: 1, b: 1 },
  { a: 2 },
  { b: 0 },
  RegoSet.EMPTY,
  RegoSet.from([1]),
  RegoSet.from([1, 2]),
  RegoSet.from([2]),
];

describe('order', () => {
  it('puts every rung of the ladder above the one before', () => {
    for (const [index, rung] of LADDER.entries()) {
      for (const [other, value] of LADDER.entries()) {
        expect(Math.sign(compare(rung, value))).toBe(Math.sign(index - other));
      }
    }
  });

  it('is total: antisymmetric, transitive, and zero exactly for equal values', () => {
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0);
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
        expect(equal(a, b)).toBe(compare(a, b) === 0);
      }),
    );
  });

  it('orders strings as their UTF-8 bytes', () => {
    const text = fc.string({ unit: 'binary', maxLength: 5 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareStrings(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  it('gives equal values, and no others, one key', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(memberKey(a) === memberKey(b)).toBe(equal(a, b));
        expect(canonicalText(a) === canonicalText(b)).toBe(equal(a, b));
      }),
    );
  });

  it('finds a value equal to itself after writing and reading it as JSON, sets and keys aside', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const text = JSON.stringify(json);
        const read = fromJson(text)!;
        expect(equal(fromJson(toJson(read))!, read)).toBe(true);
      }),
    );
  });
});

describe('names, truth and text', () => {
  it.each([
    [null, 'null', 'null'],
    [true, 'boolean', 'true'],
    [1.5, 'number', '1.5'],
    [numberFromText('1e25')!, 'number', '10000000000000000000000000'],
    ['a"\n\u0007\u{1F600}\u200b', 'string', '"a\\"\\n\\a\u{1F600}\\u200b"'],
    [[1, 'a'], 'array', '[1, "a"]'],
    [{ b: 1, a: 2 }, 'object', '{"a": 2, "b": 1}'],
    [makeObject([[1, 2]]), 'object', '{1: 2}'],
    [RegoSet.EMPTY, 'set', 'set()'],
    [RegoSet.from([2, 1]), 'set', '{1, 2}'],
  ] as const)('%o', (given, name, text) => {
    expect(typeName(given as Value)).toBe(name);
    expect(valueText(given as Value)).toBe(text);
  });

  it('goes on after everything but false and undefined', () => {
    expect([null, 0, '', false, undefined].map(truthy)).toEqual([true, true, true, false, false]);
  });
});
