import type { DecideCall, DecisionContext } from '@writ/decision';
import { afterEach, describe, expect, it } from 'vitest';
import { guarded } from './escalating.ts';
import { asRequest, type Fixture, openFixture, type RuleAt, toolCall } from './support.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

// The store has the machine's own clock.
const START = Date.now();
let nowMs = START;
const at = (agoMs = 0) => new Date(nowMs - agoMs).toISOString();

/** Paying needs a passkey. */
const RULES = guarded((input) => {
  const { action, context } = asRequest(input);
  if (action.tool !== 'pay' || context?.step_up_verified === true) return true;
  return { outcome: 'step_up', reason: 'prove_it', step_up_method: 'passkey' };
}).map((each): RuleAt => ({ ...each, reads: [['action'], ['context', 'step_up_verified']] }));

async function open(rules: readonly RuleAt[] = RULES): Promise<void> {
  nowMs = START;
  fixture = await openFixture(rules, { clock: { nowMs: () => nowMs } });
}

function pay(context: DecisionContext = {}, more: { readonly actor?: string; readonly tool?: string } = {}) {
  const { request } = toolCall(more.tool ?? 'pay', { amount: 1 });
  const actor = { id: more.actor ?? 'agent:helper' };
  const call: DecideCall = { request: { ...request, actor, context } };
  return fixture.point.decide(call);
}

const passkey = (proof?: string, agoMs = 0) => ({
  step_up: { method: 'passkey', at: at(agoMs), ...(proof === undefined ? {} : { proof }) },
});

describe('step-up', () => {
  it('[P-STEP-UP-BOUND] is named, proved once, and holds in its session until it is too old', async () => {
    await open();
    const asked = await pay({ session_id: 'one' });
    expect(asked).toMatchObject({ outcome: 'step_up', effect: 'refuse', step_up: { method: 'passkey' } });
    expect(asked.step_up).not.toHaveProperty('max_age_seconds');
    expect(await pay({ session_id: 'one', ...passkey('p1') })).toMatchObject({ outcome: 'allow' });
    nowMs += 14 * 60_000;
    expect(await pay({ session_id: 'one' })).toMatchObject({ outcome: 'allow' });
    nowMs += 2 * 60_000;
    expect(await pay({ session_id: 'one' })).toMatchObject({ outcome: 'step_up' });
    const entries = await fixture.entries();
    expect(entries[1]?.fields).toMatchObject({
      context: { step_up_verified: true, step_up: { method: 'passkey', at: new Date(START).toISOString() } },
    });
  });

  it('[P-STEP-UP-BOUND] counts in no other session, for no other agent, and no proof counts twice', async () => {
    await open();
    expect(await pay({ session_id: 'one', ...passkey('p1') })).toMatchObject({ outcome: 'allow' });
    expect(await pay({ session_id: 'two' })).toMatchObject({ outcome: 'step_up' });
    expect(await pay({})).toMatchObject({ outcome: 'step_up' });
    expect(await pay({ session_id: 'one' }, { actor: 'agent:other' })).toMatchObject({ outcome: 'step_up' });
    // The same proof, replayed elsewhere.
    expect(await pay({ session_id: 'two', ...passkey('p1') })).toMatchObject({ outcome: 'step_up' });
    expect(await pay({ session_id: 'one', ...passkey('p1') }, { actor: 'agent:other' })).toMatchObject({
      outcome: 'step_up',
    });
    expect(await pay({ session_id: 'one', ...passkey('p1') })).toMatchObject({ outcome: 'allow' });
    expect(await pay({ session_id: 'two', ...passkey('p2') })).toMatchObject({ outcome: 'allow' });
  });

  it('[P-STEP-UP-BOUND] is the way that was asked for, fresh, and not of the future', async () => {
    await open();
    const otp = { step_up: { method: 'otp', at: at() } };
    expect(await pay({ session_id: 'one', ...otp })).toMatchObject({ outcome: 'step_up' });
    expect(await pay({ session_id: 'one', ...passkey('p1', 16 * 60_000) })).toMatchObject({
      outcome: 'step_up',
      step_up: { method: 'passkey', max_age_seconds: 900 },
    });
    expect(await pay({ session_id: 'one', ...passkey('p1', -60_000) })).toMatchObject({ outcome: 'step_up' });
  });

  it('[P-STEP-UP-BOUND] has to be every way that policies ask for', async () => {
    const second: RuleAt = {
      path: 'test/second',
      kind: 'guard',
      layer: 'compliance',
      reads: [['action'], ['context', 'step_up_verified']],
      rule: (input) =>
        asRequest(input).context?.step_up_verified === true
          ? true
          : { outcome: 'step_up', step_up_method: 'otp' },
    };
    await open([...RULES, second]);
    expect(await pay({ session_id: 'one', ...passkey('p1') })).toMatchObject({ outcome: 'step_up' });
    const otp = { step_up: { method: 'otp', at: at(), proof: 'o1' } };
    expect(await pay({ session_id: 'one', ...otp }, { tool: 'read' })).toMatchObject({ outcome: 'allow' });
    expect(await pay({ session_id: 'one', ...passkey('p1') })).toMatchObject({ outcome: 'allow' });
  });

  it('of two sessions that bring one proof at once, one has it', async () => {
    await open();
    const sessions = Array.from({ length: 12 }, (_, index) => `s${index}`);
    const decisions = await Promise.all(
      sessions.map((session_id) => pay({ session_id, ...passkey('same') })),
    );
    expect(decisions.filter(({ effect }) => effect === 'proceed')).toHaveLength(1);
  });
});
