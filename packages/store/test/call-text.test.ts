import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { callsIn, callText, joinCalls } from '../src/call-text.ts';
import { StoreError } from '../src/store-error.ts';

const TEXT = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ minLength: 120, maxLength: 300, unit: 'binary' }),
  fc.string({ minLength: 120, maxLength: 200 }).map((text) => `${text}\n"\u{1f600}`),
  fc.constant(`${'x'.repeat(200)}\ud800`),
);
const REQUEST = fc.oneof(
  fc.dictionary(
    fc.oneof(fc.string({ maxLength: 8 }), fc.constant('__proto__')),
    fc.oneof(TEXT, fc.jsonValue()),
  ),
  fc.jsonValue(),
  fc.constant(undefined),
);

describe('calls as text', () => {
  test('arrive as JSON would carry them, whatever their texts hold', () => {
    fc.assert(
      fc.property(fc.array(REQUEST, { maxLength: 5 }), (requests) => {
        const sent = requests.map((request, id) => callText(id, 'p', id + 0.5, request));
        // Through UTF-8, as on the socket.
        const text = Buffer.from(joinCalls(sent), 'utf8').toString('utf8');
        const received = callsIn(text)?.map(([id, name, deadline, request]) => [id, name, deadline, request]);
        const expected = requests.map((request, id) => [id, 'p', id + 0.5, viaJson(request)]);
        expect(received).toEqual(expected);
      }),
    );
  });

  test('carry long texts beside the JSON, not escaped', () => {
    const long = '"'.repeat(200);
    expect(joinCalls([callText(1, 'p', 2, { short: 's', long })])).toBe(
      `[[1,"p",2,{"short":"s"},["long",200]]]\n${long}`,
    );
  });

  test('are not believed where lengths and texts do not fit', () => {
    const call = (table: string, texts: string) => callsIn(`[[1,"p",2,{},${table}]]\n${texts}`);
    expect(call('["a",3]', 'abc')?.[0]?.[3]).toEqual({ a: 'abc' });
    expect(call('["a",2]', 'abc')).toBeUndefined();
    expect(call('["a",4]', 'abc')).toBeUndefined();
    expect(call('["a",-1]', 'abc')).toBeUndefined();
    expect(call('["a",1.5]', 'abc')).toBeUndefined();
    expect(call('["a"]', 'abc')).toBeUndefined();
    expect(call('[3,"a"]', 'abc')).toBeUndefined();
    expect(call('["__proto__",3]', 'abc')).toBeUndefined();
    expect(callsIn('[[1,"p",2,null,["a",0]]]\n')).toBeUndefined();
    expect(callsIn('not json')).toBeUndefined();
    expect(callsIn('[[1,"p",null]]')).toBeUndefined();
  });

  test('refuse what has no form as JSON, and what is too long', () => {
    expect(() => callText(1, 'p', 2, 1n)).toThrow(StoreError);
    expect(() => callText(1, 'p', 2, { text: 'x'.repeat(17 * 1_024 * 1_024) })).toThrow(StoreError);
  });
});

function viaJson(value: unknown): unknown {
  const text: string | undefined = JSON.stringify(value);
  return text === undefined ? undefined : JSON.parse(text);
}
