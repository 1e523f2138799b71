import type { DecideCall, JsonObject } from '@writ/decision';
import { afterEach, describe, expect, it } from 'vitest';
import type { Approver } from '../../src/pipeline/approver.ts';
import { escalating, withApprovers } from './escalating.ts';
import { asRequest, type Fixture, openFixture, type Rule, tenantNow, toolCall } from './support.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

const RULES = escalating('pay', 'needs_a_person');

const approversRule = (rule: Rule) => withApprovers(RULES, rule);
const person = (id: string, ...groups: string[]): Approver => ({ id, groups, channel: 'test' });
const carol = person('user:carol', 'finance');
const dave = person('user:dave', 'finance');
const erin = person('user:erin', 'security');

const desk = () => fixture.point.administration.approvals;
async function asked(args: JsonObject = { amount: 900 }, more: object = {}): Promise<string> {
  const call = toolCall('pay', args);
  const decision = await fixture.point.decide({
    ...call,
    request: { ...call.request, ...more },
  } as DecideCall);
  expect(decision).toMatchObject({ outcome: 'escalate', effect: 'refuse' });
  return decision.approval?.id ?? '';
}

describe('who may approve', () => {
  it('[P-APPROVER-POLICY] is what policy says at that moment', async () => {
    let groups = ['finance'];
    fixture = await openFixture(approversRule(() => ({ groups })));
    const id = await asked();
    expect(await desk().get(id)).toMatchObject({ needed: 1, asked: ['finance'] });
    expect(await desk().approve(id, erin)).toMatchObject({ ok: false, code: 'approver_not_permitted' });
    expect(await desk().approve(id, 'operator')).toMatchObject({ ok: false, code: 'approver_not_permitted' });
    groups = ['security'];
    expect(await desk().approve(id, carol)).toMatchObject({ ok: false, code: 'approver_not_permitted' });
    expect(await desk().approve(id, erin)).toMatchObject({ ok: true, approval: { status: 'approved' } });
  });

  it('[P-APPROVER-POLICY] is nobody where policy fails, is undefined or misspelt, and no is always possible', async () => {
    const answers: Rule[] = [
      () => undefined,
      () => false,
      () => ({ gruops: ['finance'] }),
      () => ({ needed: '2' }),
      () => {
        throw new Error('broken');
      },
    ];
    for (const rule of answers) {
      fixture = await openFixture(approversRule(rule));
      const id = await asked();
      expect(await desk().approve(id, carol)).toMatchObject({ ok: false });
      expect((await fixture.point.approval.get(id))?.status).toBe('pending');
      expect(await desk().deny(id, 'operator')).toMatchObject({ ok: true });
      await fixture.close();
    }
    fixture = await openFixture(RULES);
  });

  it('asks Rego about the person: its own conditions hold beside lists', async () => {
    fixture = await openFixture(
      approversRule((input) => {
        const { approver, action } = input as unknown as {
          approver?: Approver;
          action: { args: { amount: number } };
        };
        if (action.args.amount < 1000) return true;
        return approver?.groups.includes('directors') === true || { allow: false, reason: 'directors_only' };
      }),
    );
    const small = await asked({ amount: 900 });
    const large = await asked({ amount: 9000 });
    expect(await desk().approve(small, carol)).toMatchObject({ ok: true });
    expect(await desk().approve(large, carol)).toMatchObject({ ok: false, message: 'directors_only' });
    expect(await desk().approve(large, person('user:zoe', 'directors'))).toMatchObject({ ok: true });
  });

  it('[P-APPROVER-SELF] is never the principal, the actor or anybody in the chain, under any of their ids', async () => {
    fixture = await openFixture(RULES);
    const chain = { delegation: [{ id: 'user:alice' }, { id: 'user:bert' }, { id: 'agent:helper' }] };
    const id = await asked({}, chain);
    for (const own of ['user:alice', 'agent:helper', 'user:bert']) {
      expect(await desk().approve(id, person(own))).toMatchObject({ ok: false, code: 'self_approval' });
    }
    const other = { ...person('alice@example.com'), also: ['user:alice'] };
    expect(await desk().approve(id, other)).toMatchObject({ ok: false, code: 'self_approval' });
    expect(await desk().approve(id, carol)).toMatchObject({ ok: true });
  });

  it('sees and judges only what its tenants have', async () => {
    fixture = await openFixture(RULES);
    const id = await asked();
    const stranger = { ...carol, tenants: ['globex'] };
    expect(await desk().get(id, stranger)).toBeUndefined();
    expect(await desk().pending(stranger)).toEqual([]);
    expect(await desk().approve(id, stranger)).toMatchObject({ ok: false, code: 'approval_unknown' });
    expect(await desk().approve(id, { ...carol, tenants: [tenantNow()] })).toMatchObject({ ok: true });
  });
});

describe('several people', () => {
  it('[P-APPROVER-QUORUM] counts different people, each once, and the call waits for the last', async () => {
    fixture = await openFixture(approversRule(() => ({ groups: ['finance', 'security'], needed: 2 })));
    const id = await asked();
    expect(await desk().approve(id, carol, 'fine')).toMatchObject({
      ok: true,
      approval: { status: 'pending', needed: 2, votes: [{ by: 'user:carol', comment: 'fine' }] },
    });
    expect(await desk().approve(id, carol)).toMatchObject({ ok: false, code: 'approval_voted' });
    const early = await fixture.point.decide(toolCall('pay', { amount: 900 }, { approval_id: id }));
    expect(early).toMatchObject({ effect: 'refuse', outcome: 'escalate' });
    expect(await desk().approve(id, erin)).toMatchObject({ ok: true, approval: { status: 'approved' } });
    const events = (await fixture.entries())
      .filter(({ core }) => core.kind === 'approval')
      .map(({ core }) => core.event);
    expect(events).toEqual(['requested', 'voted', 'approved']);
  });

  it('[P-APPROVER-QUORUM] takes a different person for each duty', async () => {
    fixture = await openFixture(approversRule(() => ({ each_of: ['finance', 'security'] })));
    const id = await asked();
    const both = person('user:both', 'finance', 'security');
    expect(await desk().approve(id, both)).toMatchObject({ ok: true, approval: { status: 'pending' } });
    expect(await desk().approve(id, both)).toMatchObject({ ok: false, code: 'approval_voted' });
    expect(await desk().approve(id, carol)).toMatchObject({ ok: true, approval: { status: 'approved' } });
    const again = await asked({ amount: 901 });
    await desk().approve(again, carol);
    expect(await desk().approve(again, dave)).toMatchObject({ approval: { status: 'pending' } });
    expect(await desk().approve(again, erin)).toMatchObject({ approval: { status: 'approved' } });
  });

  it('[P-APPROVER-QUORUM] does not count a yes of somebody who may not any more', async () => {
    let excluded: string[] = [];
    fixture = await openFixture(approversRule(() => ({ needed: 2, excluded })));
    const id = await asked();
    await desk().approve(id, carol);
    excluded = ['user:carol'];
    expect(await desk().approve(id, dave)).toMatchObject({
      approval: { status: 'pending', votes: [{ by: 'user:dave' }] },
    });
    expect(await desk().approve(id, erin)).toMatchObject({ approval: { status: 'approved' } });
  });

  it('one no ends it', async () => {
    fixture = await openFixture(approversRule(() => ({ needed: 2 })));
    const id = await asked();
    await desk().approve(id, carol);
    expect(await desk().deny(id, dave, 'no')).toMatchObject({ ok: true, approval: { status: 'denied' } });
    const call = toolCall('pay', { amount: 900 }, { approval_id: id });
    expect(await fixture.point.decide(call)).toMatchObject({ outcome: 'deny', reason: 'human_rejected' });
  });

  it('counts every vote of many at once', async () => {
    fixture = await openFixture(approversRule(() => ({ needed: 8 })));
    const id = await asked();
    const people = Array.from({ length: 12 }, (_, index) => person(`user:p${index}`));
    const verdicts = await Promise.all(people.map((each) => desk().approve(id, each)));
    expect(verdicts.filter(({ ok }) => ok)).toHaveLength(8);
    expect((await desk().get(id))?.votes).toHaveLength(8);
  });
});

describe('delegation while away', () => {
  it('lets the delegate stand in, once, and not for a call of their own', async () => {
    fixture = await openFixture(approversRule(() => ({ groups: ['finance'], needed: 2 })));
    const stand = person('user:sub');
    const id = await asked();
    expect(await desk().approve(id, stand)).toMatchObject({ ok: false, code: 'approver_not_permitted' });
    await desk().setAway(carol, { delegate: 'user:sub', untilMs: Date.now() + 60_000 });
    expect(await desk().away()).toContainEqual(
      expect.objectContaining({ id: 'user:carol', delegate: 'user:sub' }),
    );
    expect(await desk().approve(id, stand)).toMatchObject({
      ok: true,
      approval: { status: 'pending', votes: [{ by: 'user:sub', on_behalf_of: 'user:carol' }] },
    });
    expect(await desk().approve(id, carol)).toMatchObject({ ok: false, code: 'approval_voted' });
    expect(await desk().approve(id, dave)).toMatchObject({ ok: true, approval: { status: 'approved' } });
    await desk().setAway(carol);
    const next = await asked({ amount: 901 });
    expect(await desk().approve(next, stand)).toMatchObject({ ok: false, code: 'approver_not_permitted' });
    // Who asked is away: nobody can say yes in their place.
    await desk().setAway(person('user:alice', 'finance'), {
      delegate: 'user:sub',
      untilMs: Date.now() + 60_000,
    });
    expect(await desk().approve(next, stand)).toMatchObject({ ok: false });
    await desk().setAway(person('user:alice', 'finance'));
  });
});

describe('what a person is shown', () => {
  it('masks secrets, and says what happens and what happened before', async () => {
    fixture = await openFixture(RULES, { maskedPaths: ['/input/action/args/note'], channels: ['slack'] });
    await fixture.point.decide(toolCall('pay', { amount: 1 }));
    await fixture.point.report({ kind: 'note', code: 'x' });
    const args = { amount: 900, note: 'private', card: { cvv: '123', holder: 'Alice' } };
    const call = toolCall('pay', args, { session: 's1' });
    const decision = await fixture.point.decide({
      ...call,
      request: { ...call.request, context: { session_id: 's1', risk_score: 0.7 } },
    });
    expect(decision.approval).toMatchObject({
      approver_channel: 'slack',
      pending_queue_pos: 2,
      age_seconds: 0,
    });
    const shown = await desk().get(decision.approval?.id ?? '');
    expect(shown).toMatchObject({
      action: {
        tool: 'pay',
        args: { amount: 900, note: '[masked]', card: { cvv: '[masked]', holder: 'Alice' } },
      },
      masked: ['/note', '/card/cvv'],
      session: { id: 's1', risk_score: 0.7 },
      if_approved: { valid_seconds: 900 },
      recent: [{ outcome: 'escalate', reason: 'needs_a_person' }],
      reasons: [{ code: 'needs_a_person', rule: 'data.test.human' }],
    });
    expect(JSON.stringify(await desk().list())).not.toContain('private');
    // What is not shown is bound all the same.
    await desk().approve(shown?.id ?? '', carol);
    const other = toolCall(
      'pay',
      { ...args, card: { cvv: '999', holder: 'Alice' } },
      { approval_id: shown?.id ?? '' },
    );
    expect((await fixture.point.decide(other)).reason).toBe('approval_arguments_changed');
    const same = { ...call, approval_id: shown?.id ?? '' };
    expect(await fixture.point.decide(same)).toMatchObject({ outcome: 'allow', forwarded_args: args });
  });

  it('lets a call through that policy asks nobody about, on record as such', async () => {
    fixture = await openFixture(
      approversRule((input) => ({
        needed: (asRequest(input).action.args as { amount: number }).amount < 10 ? 0 : 1,
      })),
    );
    const small = await fixture.point.decide(toolCall('pay', { amount: 5 }));
    expect(small).toMatchObject({ outcome: 'allow', effect: 'proceed' });
    expect(small.reasons.map(({ code }) => code)).toContain('approval_not_needed');
    await asked({ amount: 50 });
  });
});

describe('like questions', () => {
  it('[P-APPROVAL-GROUP] are told once, each is judged as its own call, and the next one is told after', async () => {
    fixture = await openFixture(
      approversRule(() => ({ group: 'small payments' })),
      { channels: ['pager'] },
    );
    const told = async () =>
      (await fixture.point.administration.channels.due('pager'))
        .filter(([, notice]) => notice.event === 'requested')
        .map(([, notice]) => notice.approval_id);
    const before = await told();
    const ids = [await asked({ amount: 1 }), await asked({ amount: 2 }), await asked({ amount: 3 })];
    const here = async () => (await told()).filter((id) => !before.includes(id));
    expect(await here()).toEqual([ids[0]]);
    const lines = (await desk().pending()).filter(({ tenant }) => tenant === tenantNow());
    expect(lines.map(({ id, group }) => [id, group])).toEqual(ids.map((id) => [id, 'small payments']));
    await desk().approve(ids[0] ?? '', carol);
    const other = await fixture.point.decide(toolCall('pay', { amount: 2 }, { approval_id: ids[0] ?? '' }));
    expect(other).toMatchObject({ effect: 'refuse', reason: 'approval_arguments_changed' });
    await fixture.point.administration.channels.upkeep();
    expect(await here()).toEqual([ids[0], ids[1]]);
    await fixture.point.administration.channels.upkeep();
    expect(await here()).toEqual([ids[0], ids[1]]);
  });
});
