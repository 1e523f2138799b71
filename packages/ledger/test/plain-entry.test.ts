import { canonicalJson, type Json } from '@writ/decision';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalEnd } from '../src/canonical-scan.ts';
import { buildEntry, type PersonalFields, randomSalts, sealFields } from '../src/index.ts';
import { plainEntry } from '../src/plain-entry.ts';
import { verifyEntry } from '../src/verify-entry.ts';
import { decisionOf } from './temporary-log.ts';

const stamp = { timeMs: Date.UTC(2026, 2, 14, 9, 30), trust: 'cooperative' } as const;

/** Texts that are canonical JSON, and near ones that are not. */
const texts = fc.oneof(
  fc
    .jsonValue({ noUnicodeString: false })
    .map((value) => canonicalJson(JSON.parse(JSON.stringify(value)) as Json)),
  fc.jsonValue({ noUnicodeString: false }).map((value) => JSON.stringify(value)),
  fc.jsonValue().map((value) => JSON.stringify(value, null, 1)),
  fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => String(value)),
  fc.constantFrom(
    '01',
    '-0',
    '1.0',
    '1e3',
    '-',
    '+1',
    '"\\u0041"',
    '"\\u001f"',
    '"\\u001F"',
    '"\\/"',
    '"\\ud800"',
  ),
  fc.constantFrom(
    '{"b":1,"a":2}',
    '{"a":1,"a":1}',
    '{"a":1,}',
    '[1,]',
    '[',
    '{',
    '',
    'tru',
    'truex',
    '"',
    '{"\\n":1}',
  ),
  fc.constantFrom('{"__proto__":1}', '{"10":1,"9":2}', '{"9":1,"10":2}', '1234567890123456789', '5e-324'),
);

function isCanonical(text: string): boolean {
  try {
    return canonicalJson(JSON.parse(text) as Json) === text;
  } catch {
    return false;
  }
}

describe('looking over canonical JSON', () => {
  it('agrees with the writer about every text', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(canonicalEnd(text, 0) === text.length).toBe(isCanonical(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it('agrees about texts of which one character was changed', () => {
    const changed = fc
      .tuple(
        texts,
        fc.nat(),
        fc.constantFrom('', '"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', ' ', 'é'),
      )
      .map(
        ([text, at, by]) =>
          text.slice(0, at % (text.length + 1)) + by + text.slice((at % (text.length + 1)) + 1),
      );
    fc.assert(
      fc.property(changed, (text) => {
        expect(canonicalEnd(text, 0) === text.length).toBe(isCanonical(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it('does not fall over what is nested deeper than the stack', () => {
    expect(canonicalEnd('['.repeat(1_000_000), 0)).toBe(-1);
  });
});

const fieldsOf = fc.record(
  {
    principal: fc.string(),
    args: fc.dictionary(fc.string(), fc.jsonValue()),
    reasons: fc.array(fc.record({ code: fc.string(), message: fc.string({ unit: 'binary' }) })),
    tool: fc.string({ unit: 'grapheme' }),
    message: fc.string(),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<PersonalFields>;

describe('an entry with which nothing is wrong', () => {
  it('is found to be so', () => {
    fc.assert(
      fc.property(fieldsOf, fc.boolean(), (fields, denied) => {
        const [core] = decisionOf(denied ? 3 : 1);
        const built = buildEntry(core, sealFields(JSON.parse(JSON.stringify(fields)), randomSalts()), stamp);
        const facts = plainEntry({ index: 0, ...built });
        expect(facts).toMatchObject({ time: '2026-03-14T09:30:00.000Z', cooperative: true });
      }),
    );
  });

  it('[P-LEDGER-TAMPERING] is never taken for one where the reader finds something', () => {
    const [core, fields] = decisionOf(3);
    const edit = fc.tuple(
      fc.boolean(),
      fc.nat(),
      fc.constantFrom('', '"', '{', ',', '0', 'x', '\\', '}', ']', 'é'),
    );
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 2 }), (edits) => {
        const built = buildEntry(core, sealFields(fields, randomSalts()), stamp);
        let leaf = Buffer.from(built.leaf).toString();
        let detail = built.detail;
        for (const [inLeaf, place, by] of edits) {
          const text = inLeaf ? leaf : detail;
          const at = place % text.length;
          const next = text.slice(0, at) + by + text.slice(at + 1);
          if (inLeaf) leaf = next;
          else detail = next;
        }
        const entry = { index: 0, leaf: Buffer.from(leaf), detail };
        const findings = verifyEntry(entry);
        const facts = plainEntry(entry);
        if (facts === undefined) return;
        expect(findings).toMatchObject({ missing: [], leaf: { time: facts.time } });
        expect(findings.leafFault).toBeUndefined();
        expect(findings.detailFault).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves erasures and what has no detail to the reader', () => {
    const [core, fields] = decisionOf(1);
    const erasure = {
      kind: 'administrative',
      event: 'erasure',
      erases: [{ index: 0, fields: ['tool'] }],
    } as const;
    expect(plainEntry({ index: 0, ...buildEntry(erasure, [], stamp) })).toBeUndefined();
    const built = buildEntry(core, sealFields(fields, randomSalts()), stamp);
    expect(plainEntry({ index: 0, ...built, detail: null })).toBeUndefined();
    expect(plainEntry({ index: 0, ...built, detail: '{"fields":[],"v":1}' })).toBeUndefined();
  });
});
