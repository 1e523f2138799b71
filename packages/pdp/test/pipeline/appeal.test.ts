import { afterEach, describe, expect, it } from 'vitest';
import { guarded, withApprovers } from './escalating.ts';
import { asRequest, type Fixture, openFixture, tenantNow, toolCall } from './support.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

const offer = { metadata: { appeal_path: 'access_request', alternatives: ['pay less'] } };
/** Payments above 100 are refused, and that can be appealed; above 1,000 it cannot. */
const RULES = guarded((input) => {
  const { tool, args } = asRequest(input).action;
  const amount = Number(args?.['amount'] ?? 0);
  if (tool !== 'pay' || amount <= 100) return true;
  return { allow: false, reason: 'too_much', ...(amount <= 1000 ? offer : {}) };
});

const desk = () => fixture.point.administration.approvals;
const pay = (amount: number, more: Parameters<typeof toolCall>[2] = {}) => toolCall('pay', { amount }, more);
const decide = (amount: number, more = {}) => fixture.point.decide(pay(amount, more));
const appeal = { appeal: { justification: 'a customer waits' } };
const waiting = async () => (await desk().pending()).filter(({ tenant }) => tenant === tenantNow());

describe('appeals', () => {
  it('[P-APPEAL-BOUND] a denial offers one, a person decides, and the same call passes once', async () => {
    fixture = await openFixture(RULES);
    expect(await decide(500)).toMatchObject({
      outcome: 'deny',
      reason: 'too_much',
      metadata: { appeal_path: 'access_request', alternatives: ['pay less'] },
    });
    expect(await waiting()).toEqual([]);
    const asked = await decide(500, appeal);
    expect(asked).toMatchObject({ outcome: 'escalate', effect: 'refuse', reason: 'too_much' });
    const id = asked.approval?.id ?? '';
    expect(await waiting()).toMatchObject([{ id, appeal: true }]);
    expect(await desk().get(id)).toMatchObject({
      appeal: { justification: 'a customer waits' },
      reasons: [{ code: 'too_much' }],
    });
    // Who asks again, with or without appealing, waits for the same answer.
    expect(await decide(500)).toMatchObject({ outcome: 'escalate', approval: { id, status: 'pending' } });
    expect(await decide(500, appeal)).toMatchObject({ approval: { id } });
    await desk().approve(id, 'operator');
    expect(await decide(500)).toMatchObject({ outcome: 'escalate', approval: { id, status: 'approved' } });
    expect(await decide(501, { approval_id: id })).toMatchObject({ reason: 'approval_arguments_changed' });
    expect(await decide(500, { approval_id: id })).toMatchObject({ outcome: 'allow', effect: 'proceed' });
    expect(await decide(500, { approval_id: id })).toMatchObject({ reason: 'approval_used' });
    expect(await decide(500)).toMatchObject({ outcome: 'deny', reason: 'too_much' });
  });

  it('[P-APPEAL-BOUND] is refused where nothing is offered, and lets nothing through where nothing was denied', async () => {
    fixture = await openFixture(RULES);
    const beyond = await decide(5000, appeal);
    expect(beyond).toMatchObject({ outcome: 'deny', reason: 'too_much' });
    expect(beyond.metadata).not.toHaveProperty('appeal_path');
    expect(await decide(50, appeal)).toMatchObject({
      outcome: 'deny',
      effect: 'refuse',
      reason: 'appeal_not_needed',
    });
    expect(await waiting()).toEqual([]);
  });

  it('a rejected appeal leaves the denial, and the record says what was appealed and why', async () => {
    fixture = await openFixture(RULES);
    const id = (await decide(500, appeal)).approval?.id ?? '';
    await desk().deny(id, 'operator', 'no');
    expect(await decide(500)).toMatchObject({ outcome: 'deny', reason: 'too_much' });
    expect(await decide(500, { approval_id: id })).toMatchObject({ reason: 'human_rejected' });
    const steps = (await fixture.entries()).filter(({ core }) => core.kind === 'approval');
    expect(steps.map(({ core }) => core.event)).toEqual(['requested', 'denied']);
    expect(steps[0]?.fields).toMatchObject({ approval: { appeal: { justification: 'a customer waits' } } });
  });

  it('asks a person even where policy would ask nobody, and tells policy that it is an appeal', async () => {
    const kinds: unknown[] = [];
    fixture = await openFixture(
      withApprovers(RULES, ({ approval }) => {
        kinds.push((approval as { kind?: string }).kind);
        return { needed: 0 };
      }),
    );
    expect(await decide(500, appeal)).toMatchObject({ outcome: 'escalate', approval: { status: 'pending' } });
    expect(kinds).toEqual(['appeal']);
  });

  it('[P-APPEAL-BOUND] makes no call where everything is only observed', async () => {
    fixture = await openFixture(RULES);
    const observer = fixture.point.as({ pointId: 'watch', mayAssert: {}, mode: 'observe' });
    for (const amount of [50, 500, 5000]) {
      expect(await observer.decide(pay(amount))).toMatchObject({ effect: 'proceed' });
      const appealed = await observer.decide(pay(amount, appeal));
      expect(appealed).toMatchObject({ effect: 'refuse' });
      expect(appealed).not.toHaveProperty('forwarded_args');
    }
  });

  it('a changed policy takes an approved appeal back', async () => {
    let strict = false;
    fixture = await openFixture(
      guarded((input) => {
        const { args } = asRequest(input).action;
        if (Number(args?.['amount']) <= 100) return true;
        return strict
          ? { allow: false, reason: 'forbidden' }
          : { allow: false, reason: 'too_much', ...offer };
      }),
    );
    const id = (await decide(500, appeal)).approval?.id ?? '';
    await desk().approve(id, 'operator');
    strict = true;
    expect(await decide(500, { approval_id: id })).toMatchObject({ outcome: 'deny', reason: 'forbidden' });
  });
});
