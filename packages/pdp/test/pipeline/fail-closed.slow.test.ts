import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LEDGER_PROCEDURES, readEntry } from '@writ/ledger';
import { openStore } from '@writ/store';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createPolicySource } from '../../src/layers/policy-source.ts';
import { createDecisionPoint } from '../../src/pipeline/create-decision-point.ts';
import { DECISION_PROCEDURES } from '../../src/pipeline/procedures.ts';
import { ALLOW_ALL, type Fixture, openFixture, policySetOf, type RuleAt, toolCall } from './support.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

const DENIED = { outcome: 'deny', allow: false, effect: 'refuse' } as const;

describe('fail closed: policies', () => {
  const cases: readonly [string, RuleAt['rule'], string][] = [
    ['undefined', () => undefined, 'policy_undefined'],
    ['false', () => false, 'no_grant'],
    ['a number', () => 7, 'policy_unknown_shape'],
    ['an unknown word', () => 'maybe', 'policy_unknown_shape'],
    ['a contradiction', () => ({ allow: true, outcome: 'deny' }), 'policy_unknown_shape'],
    ['an unknown duty', () => ({ allow: true, obligations: [{ type: 'dance' }] }), 'obligation_unknown'],
    ['an engine that throws', () => Promise.reject(new Error('boom')), 'policy_error'],
    ['an engine that never answers', () => new Promise(() => {}), 'policy_timeout'],
  ];
  it.each(cases)('[P-FAIL-CLOSED] %s denies, on record', async (_name, rule, code) => {
    fixture = await openFixture([{ ...ALLOW_ALL, rule }], { limits: { decisionMs: 150 } });
    const decision = await fixture.point.decide(toolCall('search'));
    expect(decision).toMatchObject(DENIED);
    expect(decision).not.toHaveProperty('forwarded_args');
    const codes = decision.reasons.map((reason) => reason.code);
    expect(codes).toContain(code);
    expect((await fixture.entries()).at(-1)?.core).toMatchObject({
      outcome: 'deny',
      effect: 'refuse',
      codes,
    });
  });

  it('denies while nothing is active', async () => {
    fixture = await openFixture(undefined);
    expect(await fixture.point.decide(toolCall('search'))).toMatchObject({
      ...DENIED,
      reason: 'policy_engine_unavailable',
    });
    expect(await fixture.entries()).toHaveLength(1);
  });
});

describe('fail closed: requests', () => {
  const unreadable: readonly [string, unknown, string][] = [
    ['nothing', undefined, 'json_not_json'],
    ['no request', {}, 'request_invalid'],
    ['an unknown key', { ...toolCall('a'), approve: true }, 'request_invalid'],
    ['a number that no double holds', toolCall('a', { n: Number.NaN }), 'number_not_exact'],
    ['a lone surrogate', toolCall('a', { s: '\ud800' }), 'json_lone_surrogate'],
    ['a forbidden key', toolCall('a', JSON.parse('{"__proto__": 1}')), 'json_forbidden_key'],
    [
      'a getter',
      toolCall('a', Object.defineProperty({}, 'x', { get: () => 1, enumerable: true })),
      'json_not_json',
    ],
  ];
  it.each(unreadable)(
    '[P-STRICT-READING] %s is refused before policy, on record',
    async (_name, call, code) => {
      let asked = 0;
      fixture = await openFixture([{ ...ALLOW_ALL, rule: () => ++asked > 0 }]);
      const decision = await fixture.point.decide(call as never);
      expect(decision).toMatchObject({ ...DENIED, reason: code });
      expect(asked).toBe(0);
      const [entry] = await fixture.entries();
      expect(entry?.core).toMatchObject({
        kind: 'malformed',
        decision_id: decision.decision_id,
        codes: [code],
      });
    },
  );
});

describe('fail closed: store', () => {
  it('[P-RECORD-BEFORE-RELEASE] a store that is closed denies, and says that the answer is not on record', async () => {
    fixture = await openFixture([ALLOW_ALL], { storeOptions: {} });
    await fixture.store.close();
    const decision = await fixture.point.decide(toolCall('search'));
    expect(decision).toMatchObject({ ...DENIED, reason: 'state_unavailable' });
    expect(decision.reasons[0]?.message).toContain('not on record');
    expect(
      (await fixture.point.list({ request: toolCall('a').request, items: [{ tool: 'a' }] })).visible,
    ).toEqual([false]);
    expect(await fixture.point.complete({ decision_id: 'dec-1', status: 'succeeded' })).toMatchObject({
      effect: 'refuse',
    });
    await expect(fixture.point.report({ kind: 'note', code: 'x' })).resolves.toBeUndefined();
  });

  it('[P-RECORD-BEFORE-RELEASE] a disk that is full denies with `audit_unavailable`, and nothing proceeds unrecorded', async () => {
    fixture = await openFixture([ALLOW_ALL], { storeOptions: { sizeBytesMax: 512 * 1024 } });
    const proceeded: string[] = [];
    let refused: string | undefined;
    for (let count = 0; count < 400 && refused === undefined; count++) {
      const decision = await fixture.point.decide(toolCall('write', { text: 'x'.repeat(4096), count }));
      if (decision.effect === 'proceed') proceeded.push(decision.decision_id);
      else refused = decision.reason;
    }
    expect(refused).toBe('audit_unavailable');
    const recorded = new Set((await fixture.entries()).map(({ core }) => core.decision_id));
    expect(proceeded.filter((id) => !recorded.has(id))).toEqual([]);
  });

  it('a queue that is full denies instead of growing', async () => {
    fixture = await openFixture([ALLOW_ALL], { storeOptions: { queueMax: 2 } });
    const decisions = await Promise.all(
      Array.from({ length: 50 }, (_, n) => fixture.point.decide(toolCall('a', { n }))),
    );
    const refused = decisions.filter(({ effect }) => effect === 'refuse');
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused.map(({ reason }) => reason))).toEqual(new Set(['audit_unavailable']));
    const recorded = new Set((await fixture.entries()).map(({ core }) => core.decision_id));
    for (const { effect, decision_id } of decisions)
      if (effect === 'proceed') expect(recorded.has(decision_id)).toBe(true);
  });

  it('property: nothing proceeds without a durable entry that says so, whatever policies answer and whenever the store closes', async () => {
    fixture = await openFixture([ALLOW_ALL]);
    const answers = fc.constantFrom<RuleAt['rule']>(
      () => true,
      () => false,
      () => undefined,
      () => 'escalate',
      () => ({ outcome: 'sanitize', redact: ['/a'] }),
      () => Promise.reject(new Error('x')),
      () => ({ allow: false, reason: 'no' }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(answers, { minLength: 1, maxLength: 8 }),
        fc.nat(8),
        async (rules, closeAfter) => {
          const directory = await mkdtemp(join(tmpdir(), 'writ-pdp-'));
          const procedures = [...DECISION_PROCEDURES, ...LEDGER_PROCEDURES];
          const store = await openStore({ directory, procedures });
          try {
            let index = 0;
            const current: RuleAt = { ...ALLOW_ALL, rule: (input) => rules[index]?.(input) };
            const point = createDecisionPoint({
              store,
              policies: createPolicySource(policySetOf([current])),
            });
            const proceeded: string[] = [];
            for (; index < rules.length; index++) {
              if (index === closeAfter) await store.close();
              const decision = await point.decide(toolCall('t', { a: 1, index }));
              if (decision.effect === 'proceed') proceeded.push(decision.decision_id);
            }
            await store.close();
            const reopened = await openStore({ directory, procedures });
            const stored = await reopened.entries(0, await reopened.logSize());
            await reopened.close();
            const said = new Set(
              stored.flatMap((each) => {
                const read = readEntry(each);
                return read.ok && read.value.core.effect === 'proceed' ? [read.value.core.decision_id] : [];
              }),
            );
            expect(proceeded.filter((id) => !said.has(id))).toEqual([]);
          } finally {
            await store.close().catch(() => undefined);
            await rm(directory, { recursive: true, force: true });
          }
        },
      ),
      { numRuns: 5 },
    );
  });
});
