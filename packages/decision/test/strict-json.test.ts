import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, checkStrictValue, type Json, readStrict, readStrictBytes } from '../src/index.ts';

function codeOf(text: string): string {
  const read = readStrict(text);
  return read.ok ? 'ok' : read.code;
}

describe('readStrict', () => {
  test.each([
    ['', 'json_syntax'],
    ['nul', 'json_syntax'],
    ['{"a":1,}', 'json_syntax'],
    ['[1,]', 'json_syntax'],
    ['[1 2]', 'json_syntax'],
    ['{a:1}', 'json_syntax'],
    ["{'a':1}", 'json_syntax'],
    ['"a\nb"', 'json_syntax'],
    ['"\\x"', 'json_syntax'],
    ['"\\u12g4"', 'json_syntax'],
    ['"open', 'json_syntax'],
    ['+1', 'json_syntax'],
    ['.5', 'json_syntax'],
    ['1.', 'json_syntax'],
    ['1e', 'json_syntax'],
    ['-', 'json_syntax'],
    ['NaN', 'json_syntax'],
    ['01', 'json_trailing'],
    ['{} {}', 'json_trailing'],
    ['1 // one', 'json_trailing'],
    ['\ufeff1', 'json_bom'],
  ])('%j is refused with %s', (text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  test.each([['{"a":1,"a":1}'], ['{"a":1,"\\u0061":2}'], ['{"x":{"b":1,"c":2,"b":3}}']])(
    '[P-STRICT-DUPLICATE-KEY] %s holds a key twice',
    (text) => {
      expect(codeOf(text)).toBe('json_duplicate_key');
    },
  );

  test('[P-STRICT-PROTO] `__proto__` is refused however it is written; nothing reaches a prototype', () => {
    expect(codeOf('{"__proto__":{"admin":true}}')).toBe('json_forbidden_key');
    expect(codeOf('{"a":{"\\u005f_proto__":1}}')).toBe('json_forbidden_key');
    const read = readStrict('{"constructor":{"prototype":{"x":1}},"toString":1,"hasOwnProperty":2}');
    expect(read.ok && Object.keys(read.value as object)).toEqual([
      'constructor',
      'toString',
      'hasOwnProperty',
    ]);
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  test.each(['"\\ud800"', '"\\udc00\\ud800"', '"\ud800"', '{"\\udfff":1}', '"a\\ud83dx"'])(
    '[P-STRICT-SURROGATE] lone surrogate in %j is refused',
    (text) => {
      expect(codeOf(text)).toBe('json_lone_surrogate');
    },
  );

  test('a surrogate pair passes, escaped, raw or half and half', () => {
    for (const text of ['"\\ud83d\\ude00"', '"\u{1f600}"', '"\ud83d\\ude00"', '"\\ud83d\ude00"']) {
      expect(readStrict(text)).toEqual({ ok: true, value: '\u{1f600}' });
    }
  });

  test.each([
    '9007199254740993',
    '1e400',
    '-1e400',
    '0.1234567890123456789',
    '1e-400',
    '12345678901234567890',
    '1e999999999999',
  ])('[P-STRICT-EXACT-NUMBER] %s is refused: a double cannot hold it', (text) => {
    expect(codeOf(text)).toBe('number_not_exact');
    expect(codeOf(`{"a":[${text}]}`)).toBe('number_not_exact');
  });

  test.each([
    ['0.1', 0.1],
    ['1.0', 1],
    ['1e2', 100],
    ['1E+2', 100],
    ['100e-2', 1],
    ['0e999999', 0],
    ['-0', 0],
    ['-0.0e5', 0],
    ['9007199254740992', 9007199254740992],
    ['5e-324', 5e-324],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['0.30000000000000004', 0.30000000000000004],
    ['100000000000000000000', 1e20],
  ])('%s is exact', (text, value) => {
    const read = readStrict(text);
    expect(read.ok && Object.is(read.value, value)).toBe(true);
  });

  test('depth and size are limited', () => {
    expect(codeOf('['.repeat(64) + ']'.repeat(64))).toBe('ok');
    expect(codeOf('['.repeat(65) + ']'.repeat(65))).toBe('json_depth');
    const deep = '['.repeat(2000) + ']'.repeat(2000);
    expect(readStrict(deep, { depthMax: 1e9 })).toMatchObject({ ok: false, code: 'json_depth' });
    expect(readStrict('"äöü"', { sizeBytesMax: 8 }).ok).toBe(true);
    expect(readStrict('"äöü"', { sizeBytesMax: 7 })).toMatchObject({ ok: false, code: 'json_size' });
    expect(readStrict('"\u{1f600}"', { sizeBytesMax: 6 }).ok).toBe(true);
    expect(readStrict('"\u{1f600}"', { sizeBytesMax: 5 })).toMatchObject({ ok: false, code: 'json_size' });
  });

  test('a problem says where it is', () => {
    expect(readStrict('{\n  "a": 1,\n  "a": 2\n}')).toEqual({
      ok: false,
      code: 'json_duplicate_key',
      offset: 14,
      line: 3,
      column: 3,
      message: 'key `a` occurs twice',
    });
  });

  test('bytes that are not UTF-8 are refused', () => {
    expect(readStrictBytes(new Uint8Array([0x22, 0xff, 0x22]))).toMatchObject({ code: 'json_not_utf8' });
    expect(readStrictBytes(new Uint8Array([0xef, 0xbb, 0xbf, 0x31]))).toMatchObject({ code: 'json_bom' });
    expect(readStrictBytes(new TextEncoder().encode('{"ä":1}'))).toEqual({ ok: true, value: { ä: 1 } });
    expect(readStrictBytes(new Uint8Array(20), { sizeBytesMax: 10 })).toMatchObject({ code: 'json_size' });
  });

  test('accepts what JSON.parse accepts and reads it alike, but for what it says it refuses', () => {
    fc.assert(
      fc.property(nearlyJson, (text) => {
        const read = readStrict(text);
        let parsed: unknown;
        let parses = true;
        try {
          parsed = JSON.parse(text);
        } catch {
          parses = false;
        }
        if (read.ok) {
          expect(parses).toBe(true);
          expect(canonicalJson(read.value)).toBe(canonicalJson(parsed as Json));
        } else if (read.code === 'json_syntax' || read.code === 'json_trailing' || read.code === 'json_bom') {
          expect(parses).toBe(false);
        } else if (parses && read.code === 'number_not_exact') {
          // Up to 15 digits every number is the shortest decimal of its double.
          expect(/[0-9.]{17}|[0-9]{16}|[eE]/.test(text)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('whatever is printed from a value without lone surrogates is accepted', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        expect(readStrict(text).ok).toBe(readable(JSON.parse(text) as Json));
      }),
      { numRuns: 500 },
    );
  });
});

/** No key `__proto__` anywhere. */
function readable(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, member]) => key !== '__proto__' && readable(member as Json));
}

/** JSON texts with a few characters changed, repeated or cut: most fail, in many ways. */
const nearlyJson = fc
  .tuple(
    fc.json({ maxDepth: 4 }),
    fc.array(
      fc.record({
        at: fc.nat(200),
        drop: fc.nat(3),
        put: fc.constantFrom(
          '',
          '"',
          '{',
          '}',
          '[',
          ']',
          ',',
          ':',
          '\\',
          '\\u00',
          '0',
          '1e9',
          '-',
          '.',
          ' ',
          '\n',
          'null',
          '"a":1',
          '\ud800',
          '\u0001',
          '1234567890123456789',
        ),
      }),
      { maxLength: 3 },
    ),
  )
  .map(([text, edits]) =>
    edits.reduce((now, { at, drop, put }) => {
      const place = now.length === 0 ? 0 : at % (now.length + 1);
      return now.slice(0, place) + put + now.slice(place + drop);
    }, text),
  );

describe('checkStrictValue', () => {
  test('answers with a frozen copy', () => {
    const given = { a: [1, { b: 'x' }], c: null, d: -0 };
    const checked = checkStrictValue(given);
    expect(checked).toEqual({ ok: true, value: { a: [1, { b: 'x' }], c: null, d: 0 } });
    given.a.push(2);
    expect(checked.ok && canonicalJson(checked.value)).toBe('{"a":[1,{"b":"x"}],"c":null,"d":0}');
    expect(checked.ok && Object.isFrozen((checked.value as { a: unknown }).a)).toBe(true);
  });

  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const holed: unknown[] = [1];
  holed[2] = 3;
  test.each<[string, unknown, string, string]>([
    ['undefined', undefined, 'json_not_json', ''],
    ['undefined inside', { a: { b: undefined } }, 'json_not_json', '/a/b'],
    ['a function', { a: () => 1 }, 'json_not_json', '/a'],
    ['a bigint', [1n], 'json_not_json', '/0'],
    ['a date', { at: new Date(0) }, 'json_not_json', '/at'],
    ['a map', new Map(), 'json_not_json', ''],
    ['a class', new (class Thing {})(), 'json_not_json', ''],
    ['NaN', { n: Number.NaN }, 'number_not_exact', '/n'],
    ['a symbol key', { [Symbol('x')]: 1 }, 'json_not_json', ''],
    ['holes', holed, 'json_not_json', ''],
    ['a cycle', cyclic, 'json_depth', '/self'.repeat(64)],
    ['__proto__ as a key', JSON.parse('{"__proto__":1}'), 'json_forbidden_key', ''],
    ['a lone surrogate', { 'a/b': '\ud800' }, 'json_lone_surrogate', '/a~1b'],
    ['too much', { a: 'x'.repeat(2_000_000) }, 'json_size', '/a'],
  ])('refuses %s', (_name, value, code, pointer) => {
    expect(checkStrictValue(value)).toMatchObject({ ok: false, code, pointer });
  });

  test('[P-STRICT-VALUE-ONCE] an accessor or a lying proxy cannot show two values', () => {
    let reads = 0;
    const accessor = Object.defineProperty({}, 'amount', {
      enumerable: true,
      get: () => (reads++ === 0 ? 1 : 1e6),
    });
    expect(checkStrictValue(accessor)).toMatchObject({
      ok: false,
      code: 'json_not_json',
      pointer: '/amount',
    });
    expect(reads).toBe(0);
    let asked = 0;
    const proxy = new Proxy(
      { amount: 1 },
      {
        getOwnPropertyDescriptor: () => ({
          value: ++asked,
          enumerable: true,
          configurable: true,
          writable: true,
        }),
      },
    );
    const checked = checkStrictValue(proxy);
    expect(checked).toEqual({ ok: true, value: { amount: 1 } });
    expect(checked.ok && (checked.value as { amount: number }).amount).toBe(1);
    const throwing = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    expect(checkStrictValue(throwing)).toMatchObject({ ok: false, code: 'json_not_json' });
  });

  test('agrees with the reader of texts', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value);
        const read = readStrict(text);
        const checked = checkStrictValue(JSON.parse(text));
        expect(checked.ok).toBe(read.ok);
        if (checked.ok && read.ok) expect(canonicalJson(checked.value)).toBe(canonicalJson(read.value));
      }),
    );
  });
});

describe('a text that is read frozen', () => {
  const json = fc.jsonValue({ maxDepth: 6 }) as fc.Arbitrary<Json>;
  const isDeeplyFrozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen));

  test('[P-STRICT-VALUE-ONCE] needs no copy, and is what a copy would have been', () => {
    fc.assert(
      fc.property(json, (given) => {
        const text = JSON.stringify(given);
        const plain = readStrict(text);
        const frozen = readStrict(text, { frozen: true });
        expect(frozen.ok).toBe(plain.ok);
        if (!plain.ok || !frozen.ok) return;
        expect(isDeeplyFrozen(frozen.value)).toBe(true);
        const copied = checkStrictValue(plain.value);
        const taken = checkStrictValue(frozen.value);
        expect(taken).toEqual(copied);
        if (taken.ok && typeof taken.value === 'object') expect(taken.value).toBe(frozen.value);
      }),
    );
  });

  test('is copied where the limits are tighter, or it was larger or deeper than they are', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const read = (text: string, more = {}) => {
      const found = readStrict(text, { frozen: true, ...more });
      if (!found.ok) throw new Error(found.message);
      return found.value;
    };
    expect(checkStrictValue(read(nested(64))).ok).toBe(true);
    expect(checkStrictValue(read(nested(10)), { depthMax: 9 })).toMatchObject({ code: 'json_depth' });
    expect(checkStrictValue(read('["abcdef"]'), { sizeBytesMax: 4 })).toMatchObject({ code: 'json_size' });
    const deep = read(nested(65), { depthMax: 500 });
    expect(checkStrictValue(deep)).toMatchObject({ code: 'json_depth' });
    const long = read(JSON.stringify(['x'.repeat(2 * 1024 * 1024)]), { sizeBytesMax: 8 * 1024 * 1024 });
    expect(checkStrictValue(long)).toMatchObject({ code: 'json_size' });
  });

  test('is taken as it is only itself: a part of it, or what looks like it, is copied', () => {
    const read = readStrict('{"a":{"b":1}}', { frozen: true });
    if (!read.ok) throw new Error(read.message);
    const { a } = read.value as { a: Json };
    for (const other of [a, { ...(read.value as object) }, Object.freeze({ a })]) {
      const taken = checkStrictValue(other);
      expect(taken.ok && taken.value).toEqual(other);
      expect(taken.ok && taken.value).not.toBe(other);
    }
  });
});
