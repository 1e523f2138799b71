import type { LedgerEntry } from '@writ/ledger';
import { afterEach, describe, expect, it } from 'vitest';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { createPolicySet, engineBundleOf, type PolicySet } from '../../src/layers/policy-set.ts';
import { replayDecision } from '../../src/pipeline/replay.ts';
import { type Fixture, openFixture, policySetOf, toolCall } from './support.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

/** Policies in real Rego, with one entrypoint. */
async function policies(text: string): Promise<PolicySet> {
  const [bundle] = policySetOf([
    { path: 'main/decision', kind: 'grant', layer: 'resource', rule: () => true },
  ]).bundles;
  const module = {
    file: 'main.rego',
    text: `package main\n\n${text}\n`,
    package: 'main',
    version: 1 as const,
  };
  const whole = { ...bundle!, modules: [module] };
  const loaded = await createRegoEngine().load([engineBundleOf(whole)]);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
  return createPolicySet([whole], loaded.policies, 'rego');
}

async function decisions(): Promise<readonly LedgerEntry[]> {
  return (await fixture.entries()).filter(({ core }) => core.kind === 'decision');
}

/** Denies when a drawn number is odd; the key differs by call, so that each call draws anew. */
const DRAWING = `
decision := {"outcome": "allow", "reason": "even"} if rand.intn(input.action.tool, 1000000) % 2 == 0
decision := {"outcome": "deny", "reason": "odd"} if rand.intn(input.action.tool, 1000000) % 2 == 1`;

describe('[P-REPLAY-AS-DECIDED] a decision on record, asked again', () => {
  it('draws what it drew then, so that the same policies say the same', async () => {
    const set = await policies(DRAWING);
    fixture = await openFixture(set);
    for (let each = 0; each < 24; each++) await fixture.point.decide(toolCall('draw', { each }));
    const recorded = await decisions();
    expect(new Set(recorded.map(({ core }) => core.outcome))).toEqual(new Set(['allow', 'deny']));
    for (const entry of recorded) {
      expect(entry.fields.nd_builtin_cache).toEqual({
        'rand.intn': { '["draw",1000000]': expect.any(Number) },
      });
      expect(await replayDecision(entry, set)).toMatchObject({ kind: 'same' });
    }
  });

  it('is asked at the time of the decision', async () => {
    const set = await policies(
      'decision := {"outcome": "allow", "reason": sprintf("at_%d", [time.now_ns()])}',
    );
    fixture = await openFixture(set, { clock: { nowMs: () => Date.parse('2026-01-02T03:04:05.678Z') } });
    await fixture.point.decide(toolCall('now'));
    const [entry] = await decisions();
    expect(entry?.fields.nd_builtin_cache).toBeUndefined();
    expect(await replayDecision(entry!, set)).toEqual({
      kind: 'same',
      verdict: { outcome: 'allow', codes: ['at_1767323045678000000'] },
    });
  });

  it('tells what other policies would say', async () => {
    fixture = await openFixture(await policies('decision := {"outcome": "allow", "reason": "fine"}'));
    await fixture.point.decide(toolCall('pay', { cents: 900 }));
    const stricter = await policies(
      'decision := {"outcome": "escalate", "reason": "much"} if input.action.args.cents > 500',
    );
    const [entry] = await decisions();
    expect(await replayDecision(entry!, stricter)).toEqual({
      kind: 'changed',
      before: { outcome: 'allow', codes: ['fine'] },
      after: { outcome: 'escalate', codes: ['much'] },
    });
  });

  it('says what it cannot know: state that was not gathered, fields that are gone', async () => {
    fixture = await openFixture(await policies('decision := {"outcome": "allow", "reason": "fine"}'));
    await fixture.point.decide(toolCall('pay'));
    const [entry] = await decisions();
    const counting = await policies(
      'decision := {"outcome": "allow", "reason": "few"} if input.context.request_count < 10',
    );
    expect(await replayDecision(entry!, counting)).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('context.request_count'),
    });
    const { args: _gone, ...fields } = entry!.fields;
    const erased: LedgerEntry = { ...entry!, fields, erased: ['args'] };
    expect(await replayDecision(erased, counting)).toEqual({ kind: 'unknown', why: 'erased: args' });
  });

  it('leaves out what the commit found beside policies', async () => {
    const set = await policies('decision := {"outcome": "allow", "reason": "fine"}');
    const budget = { name: 'few', per: 'principal', unit: 'requests', limit: 1 } as const;
    fixture = await openFixture(set, { budgets: [budget] });
    await fixture.point.decide(toolCall('pay'));
    expect((await fixture.point.decide(toolCall('pay', { again: true }))).reason).toBe('budget_exhausted');
    const [, second] = await decisions();
    expect(await replayDecision(second!, set)).toMatchObject({ kind: 'same', verdict: { outcome: 'allow' } });
  });

  it('counts with the approval that the call brought', async () => {
    const set = await policies('decision := {"outcome": "escalate", "reason": "ask"}');
    fixture = await openFixture(set);
    const asked = await fixture.point.decide(toolCall('pay'));
    const id = asked.approval?.id ?? '';
    await fixture.point.administration.approvals.approve(id, 'operator');
    expect((await fixture.point.decide(toolCall('pay', {}, { approval_id: id }))).outcome).toBe('allow');
    for (const entry of await decisions())
      expect(await replayDecision(entry, set)).toMatchObject({ kind: 'same' });
  });
});

describe('[P-BUILTIN-SECRETS-MASKED] what builtins were given', () => {
  it('is on record where it was drawn, and not where it holds keys', async () => {
    const set = await policies(
      'decision := {"outcome": "allow", "reason": "signed"} if io.jwt.encode_sign({"alg": "HS256"}, {"a": 1}, {"kty": "oct", "k": "c2VjcmV0LWtleS1vZi1zb21lYm9keQ"}) != ""',
    );
    fixture = await openFixture(set);
    await fixture.point.decide(toolCall('sign'));
    const [entry] = await decisions();
    expect(entry?.fields.nd_builtin_cache).toEqual({ 'io.jwt.encode_sign': { masked: true } });
    expect(JSON.stringify(entry)).not.toContain('c2VjcmV0');
    expect(await replayDecision(entry!, set)).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('io.jwt.encode_sign'),
    });
  });
});
