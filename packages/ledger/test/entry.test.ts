import { canonicalJson } from '@writ/decision';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildEntry,
  derivedSalts,
  draftEntry,
  type EntryCore,
  erasedTogether,
  eraseFromDetail,
  openDraft,
  opensCommitment,
  PERSONAL_FIELDS,
  type PersonalFields,
  randomSalts,
  readEntry,
  renderEntry,
  resealFields,
  sealFields,
  writeEntry,
} from '../src/index.ts';
import { readDetail, readLeaf } from '../src/read-entry.ts';
import { decisionOf } from './temporary-log.ts';

const stamp = { timeMs: Date.UTC(2026, 2, 14, 9, 30), trust: 'enforced' } as const;
const decoder = new TextDecoder();
const [core, fields] = decisionOf(3);

describe('an entry', () => {
  it('[P-LEDGER-PERSONAL-OUTSIDE] has in its leaf no personal value, only commitments', () => {
    const built = buildEntry(core, sealFields(fields, randomSalts()), stamp);
    const leaf = JSON.parse(decoder.decode(built.leaf));
    expect(leaf).toEqual({
      ...core,
      v: 1,
      time: '2026-03-14T09:30:00.000Z',
      trust: 'enforced',
      commitments: expect.toSatisfy((commitments) =>
        Object.values(commitments).every((each) => /^[\w-]{43}$/.test(String(each))),
      ),
    });
    const committed = Object.keys(leaf.commitments).flatMap((key) => key.split(','));
    expect(committed.sort()).toEqual(Object.keys(fields).sort());
    for (const value of ['acme', 'user-3', 'agent-1', 'Anna', '4.5', 'sha256:3']) {
      expect(decoder.decode(built.leaf)).not.toContain(value);
    }
  });

  it('is read back as it was, and hidden values cannot be found by guessing without the salt', () => {
    const built = buildEntry(core, sealFields(fields, randomSalts()), stamp);
    const reading = readEntry({ index: 7, ...built });
    expect(reading).toEqual({
      ok: true,
      value: { index: 7, time: '2026-03-14T09:30:00.000Z', trust: 'enforced', core, fields, erased: [] },
    });
    const again = buildEntry(core, sealFields(fields, randomSalts()), stamp);
    const groups: [string, Record<string, string>][] = JSON.parse(built.detail).fields;
    const [salt, values] = groups.find(([, each]) => 'principal' in each) ?? ['', {}];
    const key = Object.keys(values).join(',');
    const commitmentIn = (entry: typeof built) => JSON.parse(decoder.decode(entry.leaf)).commitments[key];
    expect(commitmentIn(built)).not.toBe(commitmentIn(again));
    expect(opensCommitment(commitmentIn(built), salt, values)).toBe(true);
    expect(opensCommitment(commitmentIn(built), salt, { ...values, principal: 'user-4' })).toBe(false);
  });

  it('[P-LEDGER-ERASABLE] loses a field without a change of its leaf', () => {
    const built = buildEntry(core, sealFields(fields, randomSalts()), stamp);
    const detail = eraseFromDetail(built.detail, ['args', 'principal']);
    expect(detail).not.toContain('Anna');
    // What is committed to together goes together: a hash of arguments would tell them.
    const erased = erasedTogether(built.detail, ['args', 'principal']);
    expect(erased).toEqual(expect.arrayContaining(['arg_hash', 'args', 'principal']));
    const reading = readEntry({ index: 0, leaf: built.leaf, detail });
    expect(reading).toMatchObject({ ok: true, value: { erased } });
    if (reading.ok) expect(reading.value.fields).not.toHaveProperty('args');
    expect(readEntry({ index: 0, leaf: built.leaf, detail: null })).toMatchObject({
      ok: true,
      value: { fields: {}, erased: Object.keys(fields).sort() },
    });
  });

  it('takes what the transaction found in place of what was sealed before it', () => {
    const salts = randomSalts();
    const before = sealFields({ message: 'before', note: 1, tool: 'refund', principal: 'anna' }, salts);
    const sealed = resealFields(before, { message: 'after', server: 'payments' }, derivedSalts('s'));
    const reading = readEntry({ index: 0, ...buildEntry(core, sealed, stamp) });
    const now = { message: 'after', note: 1, tool: 'refund', server: 'payments', principal: 'anna' };
    expect(reading).toMatchObject({ ok: true, value: { fields: now } });
    const kept = (group: { key: string }) => group.key === 'principal';
    expect(sealed.find(kept)).toEqual(before.find(kept));
  });

  it('can be put together before its moment and opened again', () => {
    const every: Required<EntryCore> = {
      ...{ kind: 'administrative', decision_id: 'dec-1', approval_id: 'apr-1', event: 'erasure' },
      ...{ action_type: 'tool_call', phase: 'call', outcome: 'deny', effect: 'refuse', codes: ['a', 'b'] },
      ...{ rules_evaluated: 3, evaluation_ns: 4, latency_ns: 5, engine: 'rego', mode: 'enforce' },
      ...{ policy_version: 'v', bundle_digest: 'd', bundles: { b: { revision: '1', digest: 'd' } } },
      ...{
        clock_stepped_back_ms: 7,
        masked: ['args'],
        dropped: false,
        signing_key: 'k',
        erases: [{ index: 1, fields: ['args'] }],
      },
    };
    const sealed = sealFields(fields, randomSalts());
    const draft = draftEntry(every, sealed);
    const built = buildEntry(every, sealed, stamp);
    expect(decoder.decode(built.leaf)).toBe(canonicalJson(JSON.parse(decoder.decode(built.leaf))));
    expect(built.detail).toBe(draft.detail);
    const opened = openDraft(draft);
    expect(buildEntry(opened.core, opened.sealed, stamp)).toEqual(built);
  });

  it('is written in one go as it is put together from its parts', () => {
    const some = fc.record(Object.fromEntries(PERSONAL_FIELDS.map((name) => [name, fc.jsonValue()])), {
      requiredKeys: [],
    });
    const codes = fc.array(fc.string({ maxLength: 200, unit: 'grapheme' }), { maxLength: 40 });
    const bundles = fc.dictionary(fc.string(), fc.constant({ revision: 'é', digest: 'd' }), { maxKeys: 70 });
    const members = fc.record(
      { decision_id: fc.string(), codes, bundles, evaluation_ns: fc.nat(), dropped: fc.boolean() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(some, members, fc.string(), (fields, more, seed) => {
        const whole: EntryCore = { ...core, ...more };
        const salts = derivedSalts(seed);
        const given = fields as PersonalFields;
        expect(writeEntry(whole, given, salts)).toEqual(draftEntry(whole, sealFields(given, salts)));
      }),
    );
  });

  it('bounds codes and bundles, and refuses a leaf that is too large', () => {
    const bundles = Object.fromEntries(
      Array.from({ length: 65 }, (_, each) => [`b${each}`, { revision: '1', digest: 'd' }]),
    );
    const codes = Array.from({ length: 50 }, () => 'x'.repeat(500));
    const leaf = JSON.parse(decoder.decode(buildEntry({ ...core, codes, bundles }, [], stamp).leaf));
    expect(leaf.bundles).toBeUndefined();
    expect(leaf.codes).toHaveLength(32);
    expect(leaf.codes[0]).toHaveLength(128);
    expect(() => buildEntry({ ...core, event: 'x'.repeat(70_000) }, [], stamp)).toThrow(RangeError);
  });

  it('with every field stays far below the limit of a leaf', () => {
    const all = Object.fromEntries(PERSONAL_FIELDS.map((name) => [name, { long: 'x'.repeat(10_000) }]));
    expect(buildEntry(core, sealFields(all, randomSalts()), stamp).leaf.byteLength).toBeLessThan(4_000);
  });

  it('is canonical: no other bytes are read as the same leaf or detail', () => {
    const built = buildEntry(core, sealFields(fields, randomSalts()), stamp);
    const leaf = decoder.decode(built.leaf);
    for (const other of [
      ` ${leaf}`,
      leaf.replace(':', ': '),
      leaf.replace('"v":1', '"v":1.0'),
      `\ufeff${leaf}`,
    ]) {
      expect(readLeaf(Buffer.from(other)).ok, other.slice(0, 20)).toBe(false);
    }
    expect(readLeaf(Buffer.from(leaf.replace('"v":1', '"v":2'))).ok).toBe(false);
    expect(readLeaf(Buffer.from(leaf.replace('"kind":"decision"', '"kind":"decisioN"'))).ok).toBe(false);
    expect(readLeaf(Buffer.from([0xff, ...Buffer.from(leaf)])).ok).toBe(false);
    for (const other of [` ${built.detail}`, built.detail.replace('"v":1', '"v":10e-1'), '[]', 'null', '']) {
      expect(readDetail(other).ok, other.slice(0, 20)).toBe(false);
    }
  });

  it('round-trips whatever JSON its fields hold', () => {
    const json = fc.jsonValue({ maxDepth: 3, noUnicodeString: false }).filter((value) => isExact(value));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...PERSONAL_FIELDS), json), fc.string(), (given, seed) => {
        const values = given as typeof fields;
        const reading = readEntry({
          index: 0,
          ...buildEntry({ kind: 'start' }, sealFields(values, derivedSalts(seed)), stamp),
        });
        expect(reading).toMatchObject({
          ok: true,
          value: { fields: JSON.parse(JSON.stringify(values)), erased: [] },
        });
      }),
    );
  });

  it('is told in plain words, without what could deceive a reader', () => {
    const render = (extra: EntryCore, personal: typeof fields): string => {
      const reading = readEntry({
        index: 0,
        ...buildEntry(extra, sealFields(personal, randomSalts()), stamp),
      });
      return reading.ok ? renderEntry(reading.value) : reading.message;
    };
    expect(
      render(core, { ...fields, reasons: [{ code: 'amount_over_limit', message: 'at most 100' }] }),
    ).toBe(
      '2026-03-14T09:30:00.000Z agent-1 for user-3 of acme asked to refund on payments with ' +
        '{"amount":4.5,"note":"für Anna"}: denied, because amount_over_limit (at most 100).',
    );
    expect(render({ ...core, effect: 'proceed' }, fields)).toContain('observed only: the call proceeded');
    expect(render({ kind: 'halt', event: 'set' }, { principal: 'olga', message: 'incident' })).toBe(
      '2026-03-14T09:30:00.000Z A halt was set by olga: incident.',
    );
    expect(render({ kind: 'start' }, { note: 'a\u001b[2Jb\u202ec\nd' })).toContain(
      'a\ufffd[2Jb\ufffdc\ufffdd',
    );
    expect(render({ kind: 'start' }, { note: 'x'.repeat(5_000) }).length).toBeLessThan(300);
  });
});

function isExact(value: unknown): boolean {
  const text = JSON.stringify(value);
  return (
    !text.includes('__proto__') && text.isWellFormed() && !/\\ud[89a-f]/i.test(text) && !text.includes('-0')
  );
}
