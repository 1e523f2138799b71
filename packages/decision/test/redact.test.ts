import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  canonicalJson,
  type Json,
  type JsonObject,
  type Obligation,
  redactArguments,
  redactResult,
} from '../src/index.ts';

function redact(pointers: readonly string[], extra: JsonObject = {}): Obligation {
  return { id: 'r', type: 'redact', properties: { pointers, ...extra } };
}

describe('redactArguments', () => {
  const args = { ssn: '1', list: [{ card: 2, name: 'n' }, 3], 'a/b': { 'c~d': 4 } };
  test.each<[readonly string[], JsonObject]>([
    [['/ssn'], { ...args, ssn: '[REDACTED]' }],
    [['/list/0/card'], { ...args, list: [{ card: '[REDACTED]', name: 'n' }, 3] }],
    [['/list/1'], { ...args, list: [args.list[0] as Json, '[REDACTED]'] }],
    [['/a~1b/c~0d'], { ...args, 'a/b': { 'c~d': '[REDACTED]' } }],
    [['/list/01', '/list/-', '/list/2', '/list/x', '/none/x', '/ssn/0', '/toString', '/__proto__'], args],
  ])('%j', (pointers, expected) => {
    const before = structuredClone(args);
    const redacted = redactArguments(args, [redact(pointers)]);
    expect(redacted).toMatchObject({ ok: true, value: expected });
    expect(args).toEqual(before);
    expect(redacted.ok && redacted.changed).toBe(canonicalJson(expected) !== canonicalJson(args as Json));
  });

  test('a replacement of the policy stands in place', () => {
    expect(redactArguments({ n: 5 }, [redact(['/n'], { replacement: 0 })])).toMatchObject({
      ok: true,
      value: { n: 0 },
    });
  });

  test('[P-OBLIGATION-UNKNOWN-DENIES] what cannot be carried out is a fault, never passed over', () => {
    const unknown = { id: 'x', type: 'shred', properties: {} } as unknown as Obligation;
    for (const bad of [
      unknown,
      redact([]),
      redact(['ssn']),
      redact(['']),
      { ...redact([]), properties: {} },
    ]) {
      expect(redactArguments({}, [bad])).toMatchObject({ ok: false, code: 'obligation_unknown' });
    }
    expect(redactArguments({ a: 1 }, [{ id: 'n', type: 'notify', properties: {} }])).toMatchObject({
      changed: false,
    });
  });

  test('order does not matter, once is enough, and nothing redacted is left', () => {
    const key = fc.constantFrom('a', 'b', '0');
    const value = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constant('SECRET'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value')),
      ),
    })).value;
    const duty = fc
      .tuple(
        fc.array(fc.array(key, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
        fc.constantFrom<JsonObject>({}, { replacement: 'X' }, { replacement: { a: 'Y' } }),
      )
      .map(([paths, extra]) =>
        redact(
          paths.map((steps) => `/${steps.join('/')}`),
          extra,
        ),
      );
    fc.assert(
      fc.property(
        fc.dictionary(key, value),
        fc.array(duty, { minLength: 1, maxLength: 3 }),
        (object, duties) => {
          const once = redactArguments(object as JsonObject, duties);
          const reversed = redactArguments(object as JsonObject, duties.toReversed());
          if (!once.ok || !reversed.ok) throw new Error('not carried out');
          expect(canonicalJson(reversed.value)).toBe(canonicalJson(once.value));
          for (const { properties } of duties) {
            for (const pointer of properties['pointers'] as string[])
              expect(at(once.value, pointer)).not.toContain('SECRET');
          }
          const again = redactArguments(once.value, duties);
          expect(again.ok && canonicalJson(again.value)).toBe(canonicalJson(once.value));
        },
      ),
    );
  });
});

function at(value: Json, pointer: string): string {
  let now: Json | undefined = value;
  for (const step of pointer.slice(1).split('/')) {
    now =
      typeof now === 'object' && now !== null && Object.hasOwn(now, step)
        ? (now as JsonObject)[step]
        : undefined;
  }
  return JSON.stringify(now) ?? '';
}

test('results: a call redacts what it meant for the result, phase `result` everything', () => {
  const result = { content: [{ text: 'a' }], structured: { ssn: '1', x: 2 }, is_error: false };
  const meant = redact(['/structured/ssn'], { target: 'result' });
  const args = redact(['/structured/x']);
  expect(redactResult(result, [meant, args], 'call')).toMatchObject({
    value: { structured: { ssn: '[REDACTED]', x: 2 }, is_error: false },
  });
  expect(redactResult(result, [meant, args, redact(['/content/0/text', '/is_error'])])).toMatchObject({
    value: {
      content: [{ text: '[REDACTED]' }],
      structured: { ssn: '[REDACTED]', x: '[REDACTED]' },
      is_error: false,
    },
  });
});

describe('a result that a server gives twice', () => {
  const structured = { name: 'n', ssn: '078-05-1120' };
  const text = (value: string): Json => ({ type: 'text', text: value });

  test('[P-REDACTED-EVERYWHERE] is redacted in its text too', () => {
    const content = [text(JSON.stringify(structured, undefined, 2)), text('{"other": 1}'), text('no JSON')];
    const redacted = redactResult({ structured, content }, [redact(['/structured/ssn'])]);
    expect(redacted).toEqual({
      ok: true,
      changed: true,
      value: {
        structured: { name: 'n', ssn: '[REDACTED]' },
        content: [text('{"name":"n","ssn":"[REDACTED]"}'), text('{"other": 1}'), text('no JSON')],
      },
    });
    const again = redacted.ok && redactResult(redacted.value, [redact(['/structured/ssn'])]);
    expect(again).toMatchObject({ ok: true, changed: false });
  });

  test('keeps its text where only that was redacted, or nothing was', () => {
    const content = [text(JSON.stringify(structured))];
    expect(redactResult({ structured, content }, [redact(['/content/0/text'])])).toMatchObject({
      value: { structured, content: [text('[REDACTED]')] },
    });
    expect(redactResult({ structured, content }, [redact(['/structured/none'])])).toMatchObject({
      value: { structured, content },
      changed: false,
    });
  });
});

describe('patterns', () => {
  const card = { id: 'r', type: 'redact', properties: { patterns: ['\\b(?:\\d[ -]?){13,16}\\b'] } } as const;
  const CARD = '4111 1111 1111 1111';

  test('are replaced wherever they stand in a text, of arguments and of results, and nothing else is', () => {
    const args = { note: `pay ${CARD}, now`, list: [{ [CARD]: 'key' }, 4111, `${CARD};${CARD}`], n: null };
    expect(redactArguments(args, [card])).toEqual({
      ok: true,
      changed: true,
      value: {
        note: 'pay [REDACTED], now',
        list: [{ [CARD]: 'key' }, 4111, '[REDACTED];[REDACTED]'],
        n: null,
      },
    });
    expect(redactArguments({ note: 'nothing' }, [card])).toMatchObject({ changed: false });
    const structured = { card: CARD, name: 'Ana' };
    const result = { content: [{ type: 'text', text: JSON.stringify(structured) }], structured };
    const both: Obligation = {
      ...card,
      properties: { ...card.properties, pointers: ['/structured/name'], replacement: '#' },
    };
    expect(redactResult(result, [both])).toMatchObject({
      value: {
        content: [{ type: 'text', text: '{"card":"#","name":"#"}' }],
        structured: { card: '#', name: '#' },
      },
    });
    expect(redactResult(result, [card], 'call')).toMatchObject({ changed: false });
  });

  test('[P-OBLIGATION-UNKNOWN-DENIES] that are none, match nothing at all, or are too many are a fault', () => {
    for (const patterns of [[], 'a', [1], ['('], ['a*'], ['^'], ['x'.repeat(600)], Array(40).fill('a')]) {
      const bad = { id: 'r', type: 'redact', properties: { patterns } } as unknown as Obligation;
      expect(redactArguments({ a: 'a' }, [bad])).toMatchObject({ ok: false, code: 'obligation_unknown' });
    }
    const replaced = { ...card, properties: { ...card.properties, replacement: 0 } } as Obligation;
    expect(redactArguments({ a: CARD }, [replaced])).toMatchObject({ ok: false });
  });

  test('the order of obligations does not matter', () => {
    const texts = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '1', ' '), maxLength: 12 }));
    const patterns = fc.uniqueArray(fc.constantFrom('a+', 'ab', '1[ab]', 'b 1', '[ab]1'), { minLength: 1 });
    fc.assert(
      fc.property(texts, patterns, (list, some) => {
        const duties = some.map(
          (pattern): Obligation => ({
            id: pattern,
            type: 'redact',
            properties: { patterns: [pattern], replacement: '' },
          }),
        );
        const once = redactArguments({ list }, duties);
        const reversed = redactArguments({ list }, duties.toReversed());
        expect(once).toEqual(reversed);
      }),
    );
  });

  test('cannot be made to take long', () => {
    const nested: Obligation = { id: 'r', type: 'redact', properties: { patterns: ['(a+)+$'] } };
    const text = `${'a'.repeat(50_000)}b`;
    expect(redactArguments({ text }, [nested])).toMatchObject({ changed: false });
  });
});
