import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  equal,
  fromJson,
  fromParsed,
  isNumber,
  makeObject,
  numberFromText,
  RegoNumber,
  RegoSet,
  toJson,
  toParsed,
} from '../../src/value/index.ts';
import { numberText } from './arbitrary-value.ts';

describe('reading JSON', () => {
  it.each(['9007199254740993', '[1e400]', '{"a":0.12345678901234567890}', '{"a":[123456789012345678]}'])(
    'keeps every digit of %s',
    (text) => {
      const plain = toJson(fromJson(text)!).replace(/^\[(1)0{400}\]$/, '[1e400]');
      expect(plain).toBe(text.replace('7890}', '789}'));
    },
  );

  it('keeps any number wherever it stands', () => {
    fc.assert(
      fc.property(numberText, (text) => {
        const expected = numberFromText(text)!;
        for (const [around, step] of [
          ['[@]', 0],
          ['{"k": @}', 'k'],
          ['[ "x",\n@ ]', 1],
        ] as const) {
          const read = fromJson(around.replace('@', text));
          const found = (read as never)[step];
          expect(isNumber(found) && equal(found, expected)).toBe(true);
        }
      }),
    );
  });

  it.each(['', '{', '[1,]', "{'a':1}", '01', '1 2', '1e65536', '[1e-99999]', 'NaN'])('refuses %j', (text) => {
    expect(fromJson(text)).toBeUndefined();
  });

  it('tells null from nothing', () => {
    expect(fromJson('null')).toBeNull();
  });

  it('takes the last of repeated keys and mends lone surrogates, as OPA does', () => {
    expect(toJson(fromJson('{"a":1,"a":2}')!)).toBe('{"a":2}');
    expect(fromJson('"\\ud800x"')).toBe('\ufffdx');
    expect(toJson(fromJson('{"\\udc00":1}')!)).toBe('{"\ufffd":1}');
    expect(fromJson('"\\ud83d\\ude00"')).toBe('\u{1F600}');
  });
});

describe('taking parsed JSON', () => {
  it('uses it in place', () => {
    const input = { a: [1, { b: null }] };
    expect(fromParsed(input)).toBe(input);
  });

  it('leaves out what JSON does not have, without touching the original', () => {
    const input = { a: undefined, b: 1n, c: [undefined], d: new Date(0), f: () => 1 };
    expect(fromParsed(input)).toEqual({ b: 1, c: [null], d: '1970-01-01T00:00:00.000Z' });
    expect(Object.keys(input)).toEqual(['a', 'b', 'c', 'd', 'f']);
  });

  it('makes big integers exact numbers', () => {
    expect(fromParsed(2n ** 70n)).toBeInstanceOf(RegoNumber);
  });

  it.each([undefined, Number.NaN, Number.POSITIVE_INFINITY, Symbol('x'), () => 1])('refuses %o', (given) => {
    expect(fromParsed(given)).toBeUndefined();
  });
});

describe('writing JSON', () => {
  it('writes sets as sorted arrays and keys as text', () => {
    const value = makeObject([
      [2, RegoSet.from([3, 1, 'a'])],
      [[1], true],
      ['10', null],
    ]);
    expect(toJson(value)).toBe('{"10":null,"2":[1,3,"a"],"[1]":true}');
    expect(toParsed(value)).toEqual({ '10': null, '2': [1, 3, 'a'], '[1]': true });
  });

  it('escapes as Go does only where asked', () => {
    expect(toJson('<a&b>\u2028')).toBe('"<a&b>\u2028"');
    expect(toJson('<a&b>\u2028', { escapeHtml: true })).toBe('"\\u003ca\\u0026b\\u003e\\u2028"');
  });

  it('returns plain JSON as it is and never an infinity', () => {
    const plain = { a: [1] };
    expect(toParsed(plain)).toBe(plain);
    expect(toParsed(numberFromText('1e400')!)).toBe(Number.MAX_VALUE);
    expect(JSON.stringify({ a: numberFromText('-1e400') })).toBe(JSON.stringify({ a: -Number.MAX_VALUE }));
  });
});
