import { ASKS_MAX } from '@writ/state';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { escalating } from './escalating.ts';
import { type Fixture, openFixture, tenantNow, toolCall } from './support.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

/** Deleting needs a person; everything else is granted. */
const RULES = escalating('db.delete', 'human_approval_required', 'deletes need a person');

const admin = () => fixture.point.administration;

async function pendingHere() {
  const pending = await admin().approvals.list({ status: 'pending' });
  return pending.filter(({ principal }) => principal.tenant === tenantNow());
}

async function approvedCall(args = { id: 7 }) {
  const asked = await fixture.point.decide(toolCall('db.delete', args));
  const id = asked.approval?.id ?? 'none';
  expect(await admin().approvals.approve(id, 'operator')).toMatchObject({ ok: true });
  return { asked, id, call: toolCall('db.delete', args, { approval_id: id }) };
}

describe('approval', () => {
  it('pauses, is approved by a person, and lets exactly this call through once', async () => {
    fixture = await openFixture(RULES);
    const asked = await fixture.point.decide(toolCall('db.delete', { id: 7 }));
    expect(asked).toMatchObject({ outcome: 'escalate', effect: 'refuse', approval: { status: 'pending' } });
    const id = asked.approval?.id ?? '';
    expect(await pendingHere()).toMatchObject([{ id, action: { tool: 'db.delete', args: { id: 7 } } }]);
    const early = await fixture.point.decide(toolCall('db.delete', { id: 7 }, { approval_id: id }));
    expect(early).toMatchObject({
      outcome: 'escalate',
      effect: 'refuse',
      approval: { id, status: 'pending' },
    });
    expect(await admin().approvals.approve(id, 'operator', 'checked')).toMatchObject({
      ok: true,
      approval: { status: 'approved', decided_by: 'operator', comment: 'checked' },
    });
    const resumed = await fixture.point.decide(toolCall('db.delete', { id: 7 }, { approval_id: id }));
    expect(resumed).toMatchObject({ outcome: 'allow', effect: 'proceed', forwarded_args: { id: 7 } });
    const replayed = await fixture.point.decide(toolCall('db.delete', { id: 7 }, { approval_id: id }));
    expect(replayed).toMatchObject({ outcome: 'deny', effect: 'refuse', reason: 'approval_used' });
    expect((await fixture.point.approval.get(id))?.status).toBe('used');
  });

  it('[P-APPROVAL-BOUND] serves no other arguments, tool, server, person, agent, tenant, definition or destination', async () => {
    fixture = await openFixture([
      RULES[0]!,
      { ...RULES[1]!, rule: () => ({ outcome: 'escalate', reason: 'human_approval_required' }) },
    ]);
    const { call } = await approvedCall();
    const { request } = call;
    const { action, principal } = request;
    const others = [
      [{ action: { ...action, args: { id: 8 } } }, 'approval_arguments_changed'],
      [{ action: { ...action, tool: 'db.drop' } }, 'approval_mismatch'],
      [{ action: { ...action, server: 'other' } }, 'approval_mismatch'],
      [{ action: { ...action, destination: { host: 'evil.example' } } }, 'approval_mismatch'],
      [{ action: { ...action, type: 'http_request' as const } }, 'approval_mismatch'],
      [{ principal: { ...principal, id: 'user:mallory' } }, 'approval_wrong_caller'],
      [{ principal: { ...principal, tenant: 'other' } }, 'approval_wrong_caller'],
      [{ actor: { id: 'agent:other' } }, 'approval_wrong_caller'],
    ] as const;
    for (const [change, reason] of others) {
      const other = { ...call, request: { ...request, ...change } };
      expect(await fixture.point.decide(other)).toMatchObject({ outcome: 'deny', reason });
    }
    const redefined = { ...call, tool_digest: `sha256:${'1'.repeat(64)}` };
    const refused = await fixture.point.decide(redefined);
    expect(refused.reason).toBe('approval_mismatch');
    expect(refused.reasons[0]?.message).toMatch(/another definition of this tool/);
    expect(await fixture.point.decide(call)).toMatchObject({ outcome: 'allow' });
  });

  it('[P-APPROVAL-ONCE] lets one of many concurrent users through', async () => {
    fixture = await openFixture(RULES);
    const { call } = await approvedCall();
    const decisions = await Promise.all(Array.from({ length: 24 }, () => fixture.point.decide(call)));
    expect(decisions.filter(({ effect }) => effect === 'proceed')).toHaveLength(1);
    for (const refused of decisions.filter(({ effect }) => effect !== 'proceed')) {
      expect(refused.reason).toBe('approval_used');
    }
  });

  it('is refused where a person said no, the id is unknown, or the point took it back', async () => {
    fixture = await openFixture(RULES);
    const asked = await fixture.point.decide(toolCall('db.delete', { id: 1 }));
    const id = asked.approval?.id ?? '';
    expect(await admin().approvals.deny(id, 'operator', 'no')).toMatchObject({
      ok: true,
      approval: { status: 'denied' },
    });
    const denied = await fixture.point.decide(toolCall('db.delete', { id: 1 }, { approval_id: id }));
    expect(denied).toMatchObject({ outcome: 'deny', reason: 'human_rejected' });
    expect(await admin().approvals.approve(id, 'operator')).toMatchObject({
      ok: false,
      code: 'approval_not_pending',
    });
    const unknown = await fixture.point.decide(toolCall('db.delete', { id: 1 }, { approval_id: 'apr-none' }));
    expect(unknown).toMatchObject({ outcome: 'deny', reason: 'approval_unknown' });
    const again = await fixture.point.decide(toolCall('db.delete', { id: 2 }));
    await fixture.point.approval.cancel(again.approval?.id ?? '');
    const cancelled = await fixture.point.decide(
      toolCall('db.delete', { id: 2 }, { approval_id: again.approval?.id ?? '' }),
    );
    expect(cancelled).toMatchObject({ outcome: 'deny', reason: 'approval_cancelled' });
  });

  it('expires', async () => {
    fixture = await openFixture(RULES, { limits: { approvalMs: 1 } });
    const asked = await fixture.point.decide(toolCall('db.delete', { id: 1 }));
    await new Promise((resolve) => setTimeout(resolve, 10));
    const id = asked.approval?.id ?? '';
    expect(await admin().approvals.approve(id, 'operator')).toMatchObject({
      ok: false,
      code: 'approval_not_pending',
    });
    const late = await fixture.point.decide(toolCall('db.delete', { id: 1 }, { approval_id: id }));
    expect(late).toMatchObject({ outcome: 'deny', reason: 'approval_expired' });
  });

  it('asks people once for one call, however often the agent repeats it', async () => {
    fixture = await openFixture(RULES);
    const first = await fixture.point.decide(toolCall('db.delete', { id: 7 }));
    const second = await fixture.point.decide(toolCall('db.delete', { id: 7 }));
    expect(second.approval).toEqual(first.approval);
    expect(await pendingHere()).toHaveLength(1);
  });

  it('asks people once for equal calls that come at the same moment', async () => {
    fixture = await openFixture(RULES);
    const call = toolCall('db.delete', { id: 7 });
    const asked = await Promise.all(Array.from({ length: 8 }, () => fixture.point.decide(call)));
    expect(new Set(asked.map(({ outcome, approval }) => `${outcome} ${approval?.status}`))).toEqual(
      new Set(['escalate pending']),
    );
    expect(new Set(asked.map(({ approval }) => approval?.id)).size).toBe(1);
    expect(await pendingHere()).toHaveLength(1);
  });

  it('lifts only what it was asked for: a denial of the moment stays', async () => {
    let frozen = false;
    fixture = await openFixture([
      ...RULES,
      {
        path: 'test/freeze',
        kind: 'violations',
        layer: 'compliance',
        rule: () => (frozen ? ['frozen'] : []),
        reads: [],
      },
    ]);
    const { call } = await approvedCall();
    frozen = true;
    expect(await fixture.point.decide(call)).toMatchObject({ outcome: 'deny', effect: 'refuse' });
    frozen = false;
    // Refusing did not use it up.
    expect(await fixture.point.decide(call)).toMatchObject({ outcome: 'allow' });
  });

  it('wakes who waits for it', async () => {
    fixture = await openFixture(RULES);
    const asked = await fixture.point.decide(toolCall('db.delete', { id: 7 }));
    const id = asked.approval?.id ?? '';
    const waiting = fixture.point.approval.wait(id, { timeoutMs: 30_000 });
    await admin().approvals.approve(id, 'operator');
    expect((await waiting)?.status).toBe('approved');
    expect((await fixture.point.approval.wait(id, { timeoutMs: 1 }))?.status).toBe('approved');
  });

  it('hides approvals of others from a point that may not speak for them', async () => {
    fixture = await openFixture(RULES);
    const asked = await fixture.point.decide(toolCall('db.delete', { id: 7 }));
    const stranger = fixture.point.as({
      pointId: 'other',
      mayAssert: { tenants: ['globex'] },
      mode: 'enforce',
    });
    expect(await stranger.approval.get(asked.approval?.id ?? '')).toBeUndefined();
    expect(await stranger.approval.cancel(asked.approval?.id ?? '')).toBeUndefined();
    expect((await fixture.point.approval.get(asked.approval?.id ?? ''))?.status).toBe('pending');
  });

  it('puts asking, judging and using on record', async () => {
    fixture = await openFixture(RULES);
    const { call, id } = await approvedCall();
    await fixture.point.decide(call);
    const entries = await fixture.entries();
    expect(
      entries
        .filter(({ core }) => core.kind === 'approval')
        .map(({ core }) => [core.event, core.approval_id]),
    ).toEqual([
      ['requested', id],
      ['approved', id],
      ['used', id],
    ]);
  });

  it('property: whatever is tried with one approval, at most one call proceeds, and only the approved one', async () => {
    fixture = await openFixture(RULES);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ id: fc.nat(2), approval: fc.boolean() }), { maxLength: 6 }),
        fc.nat(1e9),
        async (tries, run) => {
          const asked = await fixture.point.decide(toolCall('db.delete', { id: 1, run }));
          await admin().approvals.approve(asked.approval?.id ?? '', 'operator');
          const decisions = await Promise.all(
            tries.map(({ id, approval }) =>
              fixture.point.decide(
                toolCall('db.delete', { id, run }, approval ? { approval_id: asked.approval?.id ?? '' } : {}),
              ),
            ),
          );
          const proceeding = decisions.flatMap((decision, index) =>
            decision.effect === 'proceed' ? [tries[index]] : [],
          );
          expect(proceeding.length).toBeLessThanOrEqual(1);
          for (const proceeded of proceeding) expect(proceeded).toEqual({ id: 1, approval: true });
          expect(proceeding.length).toBe(tries.some(({ id, approval }) => id === 1 && approval) ? 1 : 0);
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('a flood of questions to people', () => {
  it('[P-APPROVAL-FLOOD] is denied beyond a bound, and hides nobody else', async () => {
    fixture = await openFixture(RULES);
    const ask = (id: number, actor?: string) => {
      const call = toolCall('db.delete', { id });
      return fixture.point.decide(
        actor === undefined ? call : { ...call, request: { ...call.request, actor: { id: actor } } },
      );
    };
    const asked = await Promise.all(Array.from({ length: ASKS_MAX }, (_, id) => ask(id)));
    expect(new Set(asked.map(({ outcome }) => outcome))).toEqual(new Set(['escalate']));
    expect(await ask(ASKS_MAX)).toMatchObject({
      outcome: 'deny',
      effect: 'refuse',
      reason: 'budget_exhausted',
    });
    // Asking the same again asks nobody anew.
    expect(await ask(0)).toMatchObject({ outcome: 'escalate', approval: { id: asked[0]?.approval?.id } });
    expect((await ask(0, 'agent:other')).outcome).toBe('escalate');
    expect(await pendingHere()).toHaveLength(ASKS_MAX + 1);
  });
});
