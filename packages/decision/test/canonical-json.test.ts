import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CanonicalWriter,
  canonicalJson,
  hashJson,
  hashToolDefinition,
  type Json,
  readStrict,
} from '../src/index.ts';

describe('canonicalJson', () => {
  test.each<[Json, string]>([
    [null, 'null'],
    [true, 'true'],
    [-0, '0'],
    [1e21, '1e+21'],
    [1e-7, '1e-7'],
    [333333333.3333333, '333333333.3333333'],
    [5e-324, '5e-324'],
    ['€$\u000f\nA\'B"\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\"/"'],
    [[], '[]'],
    [{}, '{}'],
    [{ b: [1, { d: 1, c: 2 }], a: '' }, '{"a":"","b":[1,{"c":2,"d":1}]}'],
  ])('%j', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  test('[P-JCS-ORDER] keys are sorted by UTF-16 code units, not by code points or locale', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 };
    expect(Object.values(JSON.parse(canonicalJson(value)) as object).length).toBe(7);
    expect([...canonicalJson(value).matchAll(/:(\d)/g)].map((match) => match[1]).join('')).toBe('2467153');
  });

  test('does not depend on the order in which keys were written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), (object) => {
        fc.pre(!Object.hasOwn(object, '__proto__'));
        const reversed = Object.fromEntries(Object.entries(object).reverse());
        expect(canonicalJson(reversed as Json)).toBe(canonicalJson(object as Json));
      }),
    );
  });

  test('is read back to the same value, and equal texts mean equal values', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value as Json);
        fc.pre(!text.includes('__proto__'));
        const read = readStrict(text);
        expect(read.ok).toBe(true);
        if (read.ok) expect(canonicalJson(read.value)).toBe(text);
      }),
    );
  });

  test.each([undefined, Number.NaN, Number.POSITIVE_INFINITY, '\ud800', () => 1])(
    'throws for what is not JSON: %s',
    (value) => {
      expect(() => canonicalJson(value as unknown as Json)).toThrow(TypeError);
    },
  );
});

test('any number of keys is in order, and any text as JSON writes it', () => {
  const text = fc.oneof(fc.string({ maxLength: 3 }), fc.string({ maxLength: 12, unit: 'binary' }));
  fc.assert(
    fc.property(fc.dictionary(text, text, { maxKeys: 60 }), (object) => {
      const members = Object.keys(object)
        .filter((key) => key !== '__proto__')
        .sort()
        .map((key) => `${JSON.stringify(key)}:${JSON.stringify(object[key])}`);
      const plain = Object.fromEntries(Object.entries(object).filter(([key]) => key !== '__proto__'));
      expect(canonicalJson(plain)).toBe(`{${members.join(',')}}`);
    }),
  );
});

test('hashes are prefixed and taken from the canonical text', () => {
  const seen: string[] = [];
  const hash = hashJson({ b: 1, a: 2 }, (text) => {
    seen.push(text);
    return 'ab';
  });
  expect(hash).toBe('sha256:ab');
  hashToolDefinition({ name: 't', description: 'd' }, (text) => {
    seen.push(text);
    return '';
  });
  expect(seen).toEqual(['{"a":2,"b":1}', '{"description":"d","name":"t"}']);
});

describe('CanonicalWriter', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true });

  test('[P-JCS-ORDER] writes what canonicalJson gives, one value after the other', () => {
    const writer = new CanonicalWriter(8);
    const value = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }), fc.double());
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), fc.boolean(), (values, anew) => {
        const finite = values.filter((each) => typeof each !== 'number' || Number.isFinite(each)) as Json[];
        if (anew) writer.reset();
        const start = writer.length;
        for (const each of finite) writer.json(each);
        const text = finite.map(canonicalJson).join('');
        expect(decoder.decode(writer.bytes(start))).toBe(text);
        if (anew) expect(writer.isAscii).toBe(/^[ -~]*$/.test(text));
      }),
      { numRuns: 500 },
    );
  });

  test('takes values of any size, and does not keep what a large one took', () => {
    const writer = new CanonicalWriter(16);
    const large = ['x'.repeat(1_000_000), 'é'.repeat(200_000)];
    writer.json(large);
    expect(decoder.decode(writer.bytes())).toBe(JSON.stringify(large));
    writer.reset();
    expect(writer.bytes().buffer.byteLength).toBeLessThan(300_000);
    writer.ascii('{"a":');
    writer.copy(new TextEncoder().encode('"é"'), false);
    writer.ascii('}');
    expect(decoder.decode(writer.bytes())).toBe('{"a":"é"}');
    expect(writer.isAscii).toBe(false);
  });

  test.each([undefined, Number.NaN, '\ud800', { a: '\udc00' }, () => 1])(
    'throws for what is not JSON: %s',
    (value) => {
      expect(() => new CanonicalWriter().json(value as unknown as Json)).toThrow(TypeError);
    },
  );
});
