import { canonicalJson, type Json, readStrictBytes } from '@writ/decision';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryOf, putTogether, takeApart } from '../src/large/apart.ts';
import { lazyJson, lazyOf } from '../src/large/lazy-json.ts';
import { LARGE_BYTES, readLarge } from '../src/large/read-large.ts';
import { rewriteJson } from '../src/large/rewrite-json.ts';
import { scanJson } from '../src/large/scan-json.ts';
import { jsonBytes } from '../src/large/write-canonical.ts';
import { mergeDocuments } from '../src/read-data.ts';
import { goJson, parseTextual } from '../src/signing/go-json.ts';

const LIMITS = { depthMax: 500, sizeBytesMax: 10_000_000 };
/** So small that generated documents have nodes at every depth. */
const LEAF = 8;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const lazy = (text: string): Json | undefined => {
  const index = scanJson(bytes(text), 500, LEAF)?.index;
  return index === undefined ? undefined : lazyJson(index);
};
const documents = fc
  .jsonValue({ depthSize: 'medium', maxDepth: 6, stringUnit: 'binary-ascii' })
  .map((value) => JSON.parse(JSON.stringify(value)) as Json);
const texts = fc.tuple(documents, fc.constantFrom(undefined, 1, '\t')).map(([value, indent]) => ({
  value,
  text: JSON.stringify(value, undefined, indent),
}));
/** Texts that are nearly JSON: one byte of a document taken out, doubled or replaced. */
const mutants = fc
  .tuple(
    texts,
    fc.nat(),
    fc.constantFrom('', '"', '\\', ',', '0', '-', 'e', '{', ']', '\u0001', '\\u0041', 'é', '.'),
  )
  .map(([{ text }, at, put]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + put + text.slice(place + (at % 3));
  });

describe('a document in another form', () => {
  const slowly = (text: string, form: 'jcs' | 'go'): string =>
    form === 'go' ? goJson(parseTextual(text)) : canonicalJson(JSON.parse(text) as Json);
  const agrees = (text: string): void => {
    for (const form of ['jcs', 'go'] as const) {
      const written = rewriteJson(bytes(text), form);
      if (written !== undefined) expect(Buffer.from(written).toString()).toBe(slowly(text, form));
    }
  };
  const escaped = texts.map(({ text }) => text.replaceAll('a', '\\u0061').replaceAll('b', '\\ud83d\\ude00'));

  it('is what comes of its values, wherever it is taken', () => {
    const any = fc.oneof(
      texts.map(({ text }) => text),
      mutants,
      escaped,
    );
    fc.assert(fc.property(any, agrees), { numRuns: 2_000 });
  });

  it('is taken where it is JSON whose keys occur once', () => {
    const taken = (text: string): void => {
      for (const form of ['jcs', 'go'] as const) expect(rewriteJson(bytes(text), form)).toBeDefined();
    };
    fc.assert(
      fc.property(
        texts.map(({ text }) => text),
        taken,
      ),
    );
  });

  it.each([
    ['keys beyond the first plane', '{"\u{10000}":1,"\uffee":2,"\ue000":3,"é":4,"z":5}'],
    [
      'many keys out of order',
      JSON.stringify(
        Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`k${(i * 7) % 99}`, { b: i, a: [i] }])),
      ),
    ],
    ['line separators', '{"\u2029":"a\u2028b","c":"\u2027"}'],
    ['escapes of many kinds', String.raw`{"b\/\u0041":"\u001f\b\f\n\r\t\"\\","a":"\ud83d\ude00"}`],
    ['numbers of many kinds', '[1.0,1e2,-0,1E-7,0.000001,1234567890123456,1e21]'],
    ['an empty key and empty containers', '{"":{},"a":[],"b":[{}]}'],
    ['keys of which one begins another', '{"ab":1,"a":2,"a\\"":3,"a!":4}'],
    ['a document that is no container', ' "x" '],
  ])('is what comes of its values with %s', (_what, text) => {
    for (const form of ['jcs', 'go'] as const)
      expect(Buffer.from(rewriteJson(bytes(text), form) ?? []).toString()).toBe(slowly(text, form));
  });

  it.each([
    ['a key twice', '{"a":1,"b":2,"a":3}'],
    ['a key twice, once escaped', String.raw`{"a":1,"\u0061":3}`],
    ['half a surrogate pair', String.raw`["\ud800"]`],
    ['a comma at the end', '[1,]'],
    ['a comma at the end of an object', '{"a":1,}'],
    ['a comma at the start', '[,1]'],
    ['an escape that there is not', String.raw`["\x"]`],
    ['text after the value', '[1] 1'],
    ['an open string', '["'],
    ['nothing', ''],
  ])('is not taken with %s', (_what, text) => {
    for (const form of ['jcs', 'go'] as const) expect(rewriteJson(bytes(text), form)).toBeUndefined();
  });

  it('is not taken where its canonical form would be another number', () => {
    expect(rewriteJson(bytes('[9007199254740993]'), 'jcs')).toBeUndefined();
    expect(rewriteJson(bytes('[9007199254740993]'), 'go')).toBeDefined();
  });
});

describe('a large document', () => {
  it('is taken where it is strict JSON, and only there', () => {
    const agrees = (text: string): void => {
      const strict = readStrictBytes(bytes(text), LIMITS);
      const scanned = scanJson(bytes(text), 500, LEAF);
      // What is not told here is told by the strict reader; what is taken here it takes too.
      if (scanned !== undefined) {
        expect(strict.ok).toBe(true);
        const isCanonical = strict.ok && canonicalJson(strict.value) === text;
        if (scanned.isCanonical) expect(isCanonical).toBe(true);
        // It may be unsure of keys with escapes, and of their order.
        else if (isCanonical) expect(text).toMatch(/\\/);
      } else if (strict.ok) expect(text).toMatch(/\\u[dD]/);
    };
    fc.assert(
      fc.property(
        fc.oneof(
          mutants,
          texts.map(({ text }) => text),
        ),
        agrees,
      ),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['a key twice', '{"a":1,"b":2,"a":3}'],
    ['a key twice, once escaped', '{"a":1,"\\u0061":3}'],
    ['a key twice among many', `{${Array.from({ length: 40 }, (_, i) => `"k${(i * 7) % 39}":1`).join()}}`],
    ['`__proto__`', '{"__proto__":1,"a":"0123456789"}'],
    ['`__proto__`, escaped', '{"\\u005f_proto__":1,"a":"0123456789"}'],
    ['half a surrogate pair', '{"a":"\\ud800 0123456789"}'],
    ['a number that no double holds', '{"a":9007199254740993,"b":"0123456789"}'],
    ['a byte order mark', '\ufeff{"a":"0123456789"}'],
    ['what nests too deep', `${'['.repeat(501)}${']'.repeat(501)}`],
    ['text after the value', '{"a":"0123456789"} 1'],
    ['a leading zero', '[01,"0123456789"]'],
    ['an open string', '["0123456789'],
    ['a control character', '["0123456789\n"]'],
  ])('[P-BUNDLE-BOUNDED] is not taken with %s', (_what, text) => {
    expect(scanJson(bytes(text), 500, LEAF)).toBeUndefined();
    expect(readStrictBytes(bytes(text), LIMITS).ok).toBe(false);
  });

  it('is not taken where bytes are not UTF-8', () => {
    expect(scanJson(new Uint8Array([0x22, 0xff, 0x22]), 500)).toBeUndefined();
  });

  it('looks as JSON.parse makes it', () => {
    fc.assert(
      fc.property(texts, ({ value, text }) => {
        const read = lazy(text);
        if (read === undefined) return;
        expect(canonicalJson(read)).toBe(canonicalJson(value));
        expect(JSON.parse(JSON.stringify(read))).toEqual(value);
        expect(Array.isArray(read)).toBe(Array.isArray(value));
        expect(new Set(Object.keys(read as object))).toEqual(new Set(Object.keys(value as object)));
      }),
      { numRuns: 500 },
    );
  });

  it('has the members that are there, and no others', () => {
    const read = lazy('{"a":{"x":"0123456789"},"é\\n":[1,2,"0123456789"],"":null,"length":1}') as Record<
      string,
      Json
    >;
    expect(Object.hasOwn(read, 'a')).toBe(true);
    expect(Object.hasOwn(read, 'b')).toBe(false);
    expect(Object.hasOwn(read, 'toString')).toBe(false);
    expect(read['b']).toBeUndefined();
    expect(read['']).toBeNull();
    expect(read['é\n']).toEqual([1, 2, '0123456789']);
    const list = read['é\n'] as Json[];
    expect([list.length, list[2], list[3], (list as never as Record<string, Json>)['02']]).toEqual([
      3,
      '0123456789',
      undefined,
      undefined,
    ]);
    expect([...list]).toEqual([1, 2, '0123456789']);
  });

  it('cannot be changed', () => {
    const read = lazy('{"a":{"x":"0123456789"}}') as Record<string, Json>;
    expect(() => {
      read['a'] = 1;
    }).toThrow(TypeError);
    expect(() => Object.defineProperty(read, 'b', { value: 1 })).toThrow(TypeError);
    expect(() => delete read['a']).toThrow(TypeError);
    expect(() => Object.setPrototypeOf(read, null)).toThrow(TypeError);
  });

  it('is written canonically, whatever it was written like', () => {
    const users = Object.fromEntries(
      Array.from({ length: 9_000 }, (_, i) => [
        `user ${(i * 7) % 9_000}`,
        { z: i, a: ['é', i / 4], 'q"': null },
      ]),
    );
    const text = JSON.stringify({ users }, undefined, 1);
    expect(text.length).toBeGreaterThan(LARGE_BYTES);
    const read = readLarge(bytes(text), 500)!;
    expect(lazyOf(read)).toBeDefined();
    expect(new TextDecoder().decode(jsonBytes(read))).toBe(canonicalJson({ users } as Json));
    expect(new TextDecoder().decode(jsonBytes({ b: [read], a: 1 }))).toBe(
      canonicalJson({ a: 1, b: [{ users }] } as Json),
    );
  });

  it('goes to another thread and comes back the same, handed over rather than copied', () => {
    const table = Array.from({ length: 9_000 }, (_, i) => `row ${i} ${'x'.repeat(60)}`);
    const large = readLarge(bytes(JSON.stringify({ table })), 500)! as { table: Json };
    const data = { a: { b: large, c: 1 }, whole: large.table, plain: { rows: table }, list: [large] };
    const plain = JSON.parse(JSON.stringify(data)) as Json;
    const sent = takeApart(data as never);
    const memory = memoryOf(sent);
    const received = structuredClone(sent, { transfer: memory });
    expect(memory.every((buffer) => buffer.byteLength === 0)).toBe(true);
    const back = putTogether(received);
    expect(lazyOf(back['whole'])).toBeDefined();
    expect(lazyOf(back['plain'])).toBeDefined();
    expect(canonicalJson(back)).toBe(canonicalJson(plain));
  });

  it('merges with other documents, and stays lazy where nothing is laid into it', () => {
    const large = readLarge(
      bytes(JSON.stringify({ users: { list: 'x'.repeat(LARGE_BYTES) }, limits: { a: 1 } })),
      500,
    )!;
    const { data, problems } = mergeDocuments([
      { file: 'data.json', path: [], value: large },
      { file: 'limits/data.json', path: ['limits'], value: { b: 2 } },
    ]);
    expect(problems).toEqual([]);
    expect(data['limits']).toEqual({ a: 1, b: 2 });
    expect(lazyOf(data['users'])).toBeDefined();
    expect((large as { limits: Json }).limits).toEqual({ a: 1 });
  });
});
