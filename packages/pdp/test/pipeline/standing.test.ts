import type { JsonObject, StandingTerms } from '@writ/decision';
import { afterEach, describe, expect, it } from 'vitest';
import { operatorApprover } from '../../src/pipeline/approver.ts';
import { escalating, guarded, withApprovers } from './escalating.ts';
import { asRequest, type Fixture, openFixture, tenantNow, toolCall } from './support.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

const RULES = escalating('pay', 'needs_a_person');
const desk = () => fixture.point.administration;
const pay = (args: JsonObject, more = {}) => fixture.point.decide(toolCall('pay', args, more));

function grantOf(more: JsonObject = {}): JsonObject {
  return {
    tenant: tenantNow(),
    principal: 'user:alice',
    actor: 'agent:helper',
    type: 'tool_call',
    tool: 'pay',
    server: 'files',
    codes: ['needs_a_person'],
    arguments: [{ at: '/amount', at_most: 50 }],
    uses: 2,
    expires_at: new Date(Date.now() + 60_000).toISOString(),
    ...more,
  };
}

async function granted(more: JsonObject = {}): Promise<string> {
  const outcome = await desk().standing.grant(grantOf(more), 'operator', 'small ones');
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.standing.id;
}

describe('standing permissions', () => {
  it('[P-STANDING-COUNTED] answer for a person, within their limits, and each use is on record', async () => {
    fixture = await openFixture(RULES);
    const id = await granted();
    expect(await pay({ amount: 20 })).toMatchObject({
      outcome: 'allow',
      effect: 'proceed',
      reasons: expect.arrayContaining([expect.objectContaining({ code: 'standing_permission' })]),
    });
    expect(await pay({ amount: 51 })).toMatchObject({ outcome: 'escalate' });
    expect(await pay({ amount: 20, to: 'me' })).toMatchObject({ outcome: 'escalate' });
    expect(await pay({ amount: 30 })).toMatchObject({ outcome: 'allow' });
    expect(await pay({ amount: 10 })).toMatchObject({ outcome: 'escalate', effect: 'refuse' });
    const entries = await fixture.entries();
    const steps = entries.filter(({ core }) => core.approval_id === id);
    expect(steps.map(({ core }) => core.event)).toEqual([
      'standing_granted',
      'standing_used',
      'standing_used',
    ]);
    expect(steps[0]?.fields).toMatchObject({ approval: { by: 'operator', standing: { uses: 2 } } });
    const [used] = await desk().standing.list({ ended: true });
    expect(used).toBeDefined();
    const mine = (await desk().standing.list({ ended: true })).find((each) => each.id === id);
    expect(mine).toMatchObject({ status: 'used_up', used: 2, comment: 'small ones' });
  });

  it('[P-STANDING-COUNTED] let as many of many concurrent calls through as they say', async () => {
    fixture = await openFixture(RULES);
    await granted({ uses: 5 });
    const decisions = await Promise.all(Array.from({ length: 24 }, (_, n) => pay({ amount: n })));
    expect(decisions.filter(({ effect }) => effect === 'proceed')).toHaveLength(5);
    expect(decisions.filter(({ outcome }) => outcome === 'escalate')).toHaveLength(19);
  });

  it('[P-STANDING-NARROW] lift nothing but their reason, and end when somebody ends them', async () => {
    let objecting = true;
    fixture = await openFixture([
      ...RULES,
      {
        path: 'test/law',
        kind: 'guard',
        layer: 'compliance',
        reads: [['action']],
        rule: () => (objecting ? { allow: false, reason: 'embargo' } : true),
      },
    ]);
    const id = await granted();
    expect(await pay({ amount: 1 })).toMatchObject({ outcome: 'deny', reason: 'embargo' });
    objecting = false;
    const revoked = await desk().standing.revoke(id, operatorApprover('carol'));
    expect(revoked).toMatchObject({ ok: true, standing: { status: 'revoked', revoked_by: 'carol' } });
    expect(await pay({ amount: 1 })).toMatchObject({ outcome: 'escalate' });
    expect(await desk().standing.revoke(id, operatorApprover('carol'))).toMatchObject({ code: 'not_found' });
  });

  it('are refused where they do not say what they cover', async () => {
    fixture = await openFixture(RULES);
    const wrong: JsonObject[] = [
      { arguments: [{ at: '/amount' }] },
      { arguments: [{ at: 'amount', equals: 1 }] },
      { uses: 0 },
      { codes: [] },
      { expires_at: 'tomorrow' },
      { expires_at: '2020-01-01T00:00:00Z' },
      { usse: 1 },
    ];
    for (const more of wrong)
      expect(await desk().standing.grant(grantOf(more), 'op')).toMatchObject({ code: 'request_invalid' });
    const { arguments: _none, ...open } = grantOf();
    expect(await desk().standing.grant(open, 'op')).toMatchObject({
      message: '`arguments` is missing: name conditions, or say `other_arguments: "any"`',
    });
  });
});

describe('a yes that policy makes a standing permission', () => {
  const once: StandingTerms = { uses: 2, seconds: 60 };
  const rules = (terms: () => StandingTerms) =>
    withApprovers(RULES, () => ({ standing: terms() as unknown as JsonObject }));

  it('[P-STANDING-NARROW] is shown before, and covers the very same call where no conditions are named', async () => {
    fixture = await openFixture(rules(() => once));
    const asked = await pay({ amount: 7 });
    const id = asked.approval?.id ?? '';
    expect(await desk().approvals.get(id)).toMatchObject({ standing: once });
    await desk().approvals.approve(id, 'operator');
    expect(await pay({ amount: 7 }, { approval_id: id })).toMatchObject({ outcome: 'allow' });
    expect(await pay({ amount: 8 })).toMatchObject({ outcome: 'escalate' });
    for (const outcome of ['allow', 'allow', 'escalate'])
      expect(await pay({ amount: 7 })).toMatchObject({ outcome });
    const events = (await fixture.entries()).filter(({ core }) => core.event === 'standing_granted');
    expect(events).toHaveLength(1);
  });

  it('[P-STANDING-NARROW] is none where the terms changed since the question was shown', async () => {
    let terms = once;
    fixture = await openFixture(rules(() => terms));
    const id = (await pay({ amount: 7 })).approval?.id ?? '';
    terms = { ...once, uses: 1_000 };
    await desk().approvals.approve(id, 'operator');
    expect(await pay({ amount: 7 }, { approval_id: id })).toMatchObject({ outcome: 'allow' });
    expect(await pay({ amount: 7 })).toMatchObject({ outcome: 'escalate' });
  });

  it('[P-APPEAL-BOUND] answers later denials of its kind where it came from an appeal', async () => {
    const offer = { metadata: { appeal_path: 'access_request' } };
    const denying = guarded((input) =>
      Number(asRequest(input).action.args?.['amount']) > 5
        ? { allow: false, reason: 'too_much', ...offer }
        : true,
    );
    const terms = { ...once, arguments: [{ at: '/amount', at_most: 10 }] };
    fixture = await openFixture(withApprovers(denying, () => ({ standing: terms })));
    const id = (await pay({ amount: 7 }, { appeal: {} })).approval?.id ?? '';
    await desk().approvals.approve(id, 'operator');
    expect(await pay({ amount: 9 })).toMatchObject({ outcome: 'allow', effect: 'proceed' });
    expect(await pay({ amount: 11 })).toMatchObject({ outcome: 'deny', reason: 'too_much' });
    expect(await pay({ amount: 10 })).toMatchObject({ outcome: 'allow' });
    expect(await pay({ amount: 10 })).toMatchObject({ outcome: 'deny', reason: 'too_much' });
  });
});
