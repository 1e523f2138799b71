import { afterEach, describe, expect, it } from 'vitest';
import {
  ALLOW_ALL,
  asRequest,
  type Fixture,
  openFixture,
  type RuleAt,
  tenantNow,
  toolCall,
} from './support.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

const reasonsOf = (decision: { reasons: readonly { code: string }[] }) =>
  decision.reasons.map(({ code }) => code);

describe('idempotency', () => {
  it('[P-IDEMPOTENT] gives the same call with the same key the same decision, one entry and one reservation', async () => {
    const budgets = [{ name: 'calls', per: 'actor', unit: 'requests', limit: 2 }] as const;
    fixture = await openFixture([ALLOW_ALL], { budgets });
    const call = toolCall('pay', { cents: 5 }, { idempotency_key: 'k1' });
    const decisions = await Promise.all(Array.from({ length: 8 }, () => fixture.point.decide(call)));
    expect(new Set(decisions.map(({ decision_id }) => decision_id)).size).toBe(1);
    expect(decisions.every(({ effect }) => effect === 'proceed')).toBe(true);
    expect(await fixture.entries()).toHaveLength(1);
    expect(await fixture.point.decide(toolCall('pay', { cents: 6 }))).toMatchObject({ outcome: 'allow' });
  });

  it('refuses the key for another call, another approval or another definition', async () => {
    fixture = await openFixture([ALLOW_ALL]);
    await fixture.point.decide(toolCall('pay', { cents: 5 }, { idempotency_key: 'k1' }));
    const other = await fixture.point.decide(toolCall('pay', { cents: 500 }, { idempotency_key: 'k1' }));
    expect(other).toMatchObject({ outcome: 'deny', effect: 'refuse', reason: 'idempotency_mismatch' });
    expect(other).not.toHaveProperty('forwarded_args');
    const digest = toolCall(
      'pay',
      { cents: 5 },
      { idempotency_key: 'k1', tool_digest: `sha256:${'2'.repeat(64)}` },
    );
    expect(await fixture.point.decide(digest)).toMatchObject({ reason: 'idempotency_mismatch' });
  });

  it('[P-IDEMPOTENT] repeats no answer that was given about other facts', async () => {
    fixture = await openFixture([ALLOW_ALL]);
    const { request, ...key } = toolCall('pay', { cents: 5 }, { idempotency_key: 'k1' });
    const about = (facts: object) => ({ ...key, request: { ...request, ...facts } });
    expect((await fixture.point.decide(about({ context: { risk_score: 0.1 } }))).outcome).toBe('allow');
    for (const facts of [
      {},
      { context: { risk_score: 0.9 } },
      { context: { risk_score: 0.1, session_id: 'other' } },
      { context: { risk_score: 0.1 }, environment: { is_production: true } },
    ]) {
      expect((await fixture.point.decide(about(facts))).reason).toBe('idempotency_mismatch');
    }
    expect((await fixture.point.decide(about({ context: { risk_score: 0.1 } }))).outcome).toBe('allow');
  });

  it('asks anew after a fault that may be gone: only what was judged is remembered', async () => {
    let broken = true;
    const rule: RuleAt = {
      ...ALLOW_ALL,
      rule: () => {
        if (broken) throw new Error('engine down');
        return true;
      },
    };
    fixture = await openFixture([rule]);
    const call = toolCall('pay', {}, { idempotency_key: 'k1' });
    expect(await fixture.point.decide(call)).toMatchObject({ outcome: 'deny', reason: 'policy_error' });
    broken = false;
    expect(await fixture.point.decide(call)).toMatchObject({ outcome: 'allow' });
  });

  it('keeps keys of different points apart', async () => {
    fixture = await openFixture([ALLOW_ALL]);
    const call = toolCall('pay', { cents: 5 }, { idempotency_key: 'k1' });
    const first = await fixture.point.decide(call);
    const other = fixture.point.as({ pointId: 'another', mayAssert: {}, mode: 'enforce' });
    expect((await other.decide(call)).decision_id).not.toBe(first.decision_id);
  });
});

describe('budgets', () => {
  const budgets = [{ name: 'calls', per: 'session', unit: 'requests', limit: 3 }] as const;

  it('[P-BUDGET] is never overspent by concurrent calls', async () => {
    fixture = await openFixture([ALLOW_ALL], { budgets });
    const call = toolCall('search', {}, { session: 's1' });
    const decisions = await Promise.all(Array.from({ length: 20 }, () => fixture.point.decide(call)));
    expect(decisions.filter(({ effect }) => effect === 'proceed')).toHaveLength(3);
    const refused = decisions.find(({ effect }) => effect === 'refuse');
    expect(refused).toMatchObject({
      outcome: 'deny',
      reason: expect.stringMatching(/budget_exhausted|circuit_open/),
    });
  });

  it('come from the data of bundles too, and policies read them', async () => {
    const seen: unknown[] = [];
    const rule: RuleAt = {
      path: 'test/allow',
      kind: 'grant',
      rule: (input) => {
        seen.push(asRequest(input).context?.budgets);
        return true;
      },
      reads: [['context', 'budgets']],
    };
    const data = {
      writ: { budgets: [{ name: 'spend', per: 'principal', unit: 'cost', limit: 10, window: 'day' }] },
    };
    fixture = await openFixture([rule], { data });
    const pay = (cost: number) => {
      const call = toolCall('pay');
      return {
        ...call,
        request: { ...call.request, action: { ...call.request.action, estimated_cost: cost } },
      };
    };
    expect(await fixture.point.decide(pay(6))).toMatchObject({ outcome: 'allow' });
    expect(await fixture.point.decide(pay(6))).toMatchObject({ outcome: 'deny', reason: 'budget_exhausted' });
    expect(await fixture.point.decide(pay(4))).toMatchObject({ outcome: 'allow' });
    expect(seen).toEqual([
      { spend: { used: 0, limit: 10 } },
      { spend: { used: 6, limit: 10 } },
      { spend: { used: 6, limit: 10 } },
    ]);
  });

  it('settle what a call really used, and give back what was not sent', async () => {
    fixture = await openFixture([ALLOW_ALL], {
      budgets: [{ name: 'calls', per: 'actor', unit: 'requests', limit: 1 }],
    });
    const first = await fixture.point.decide(toolCall('search'));
    expect(await fixture.point.decide(toolCall('search'))).toMatchObject({ reason: 'budget_exhausted' });
    await fixture.point.complete({ decision_id: first.decision_id, status: 'not_sent' });
    await fixture.point.close();
    expect(await fixture.point.decide(toolCall('search'))).toMatchObject({ outcome: 'allow' });
  });

  it('denies everything while the budgets in the data cannot be read', async () => {
    fixture = await openFixture([ALLOW_ALL], { data: { writ: { budgets: [{ name: 'x', per: 'moon' }] } } });
    expect(await fixture.point.decide(toolCall('search'))).toMatchObject({
      outcome: 'deny',
      reason: 'policy_error',
    });
  });
});

describe('limits written in policy', () => {
  it('[P-STATE-COMPARED] hold under concurrency: three calls a session, however many ask at once', async () => {
    const rule: RuleAt = {
      path: 'test/allow',
      kind: 'grant',
      rule: async (input) => {
        const count = asRequest(input).context?.request_count ?? 0;
        await new Promise((resolve) => setTimeout(resolve, 1));
        return count < 3 ? true : { allow: false, reason: 'too_many_calls' };
      },
      reads: [['context', 'request_count']],
    };
    fixture = await openFixture([rule]);
    const decisions = await Promise.all(
      Array.from({ length: 12 }, () => fixture.point.decide(toolCall('search', {}, { session: 's1' }))),
    );
    expect(decisions.filter(({ outcome }) => outcome === 'allow')).toHaveLength(3);
  });

  it('are compared in the commit: a change behind the back of a decision makes it ask again', async () => {
    let meddled = false;
    const seen: unknown[] = [];
    const rule: RuleAt = {
      path: 'test/allow',
      kind: 'grant',
      rule: async (input) => {
        seen.push(asRequest(input).context?.request_count);
        if (!meddled) {
          meddled = true;
          // Another process, which this one's ordering does not know of.
          const other = await openOther();
          await other.decide(toolCall('search'));
        }
        return true;
      },
      reads: [['context', 'request_count']],
    };
    fixture = await openFixture([rule]);
    const openOther = async () => {
      const { createDecisionPoint } = await import('../../src/pipeline/create-decision-point.ts');
      return createDecisionPoint({ store: fixture.store, policies: fixture.source });
    };
    expect(await fixture.point.decide(toolCall('search'))).toMatchObject({ outcome: 'allow' });
    expect(seen).toEqual([0, 0, 1]);
  });

  it('denies with `state_conflict` where the state keeps changing until the deadline', async () => {
    const { createDecisionPoint } = await import('../../src/pipeline/create-decision-point.ts');
    const meddling: RuleAt = {
      path: 'test/allow',
      kind: 'grant',
      rule: async (input) => {
        if (asRequest(input).action.tool === 'search') {
          await createDecisionPoint({ store: fixture.store, policies: fixture.source }).decide(
            toolCall('meddle'),
          );
        }
        return true;
      },
      reads: [['context', 'request_count']],
    };
    fixture = await openFixture([meddling], { limits: { decisionMs: 60 } });
    const decision = await fixture.point.decide(toolCall('search'));
    expect(decision.effect).toBe('refuse');
    expect(['state_conflict', 'policy_timeout']).toContain(decision.reason);
  });

  it('count turns that are reported, and tokens that are settled', async () => {
    const seen: unknown[] = [];
    const rule: RuleAt = {
      path: 'test/allow',
      kind: 'grant',
      rule: (input) => {
        const { turn_count, cumulative_tokens } = asRequest(input).context ?? {};
        seen.push([turn_count, cumulative_tokens]);
        return true;
      },
      reads: [['context']],
    };
    fixture = await openFixture([rule]);
    const first = await fixture.point.decide(toolCall('search'));
    await fixture.point.complete({
      decision_id: first.decision_id,
      status: 'succeeded',
      usage: { tokens: 120 },
    });
    const { principal, actor } = toolCall('search').request;
    await fixture.point.report({ kind: 'note', code: 'turn', request: { principal, actor } });
    await fixture.point.decide(toolCall('search'));
    expect(seen).toEqual([
      [undefined, undefined],
      [1, 120],
    ]);
  });
});

describe('halt', () => {
  it('[P-HALT] stops an actor or a tenant in the next commit, until it is lifted', async () => {
    fixture = await openFixture([ALLOW_ALL]);
    const { administration } = fixture.point;
    for (const target of [
      { kind: 'tenant', tenant: tenantNow() },
      { kind: 'actor', actor: 'agent:helper' },
      { kind: 'all' },
    ] as const) {
      expect(await administration.halt(target, 'operator', 'looping')).toEqual({ ok: true });
      const halted = await fixture.point.decide(toolCall('search'));
      expect(halted).toMatchObject({ outcome: 'deny', effect: 'refuse', reason: 'halted' });
      expect(halted.obligations).toContainEqual({ id: 'halted', type: 'halt', properties: {} });
      expect(await administration.resume(target, 'operator')).toEqual({ ok: true });
      expect(await fixture.point.decide(toolCall('search'))).toMatchObject({ outcome: 'allow' });
    }
    const events = (await fixture.entries())
      .filter(({ core }) => core.kind === 'halt')
      .map(({ core }) => core.event);
    expect(events).toEqual(['halted', 'resumed', 'halted', 'resumed', 'halted', 'resumed']);
  });

  it('is not waived by observing', async () => {
    fixture = await openFixture([ALLOW_ALL], { caller: { pointId: 'p', mayAssert: {}, mode: 'observe' } });
    await fixture.point.administration.halt({ kind: 'tenant', tenant: tenantNow() }, 'operator');
    expect(await fixture.point.decide(toolCall('search'))).toMatchObject({
      outcome: 'deny',
      effect: 'refuse',
      reason: 'halted',
    });
  });
});

describe('circuit breaker', () => {
  it('tells an agent to stop that repeats one refused call, and lets others through', async () => {
    const rule: RuleAt = {
      path: 'test/allow',
      kind: 'grant',
      rule: (input) => (asRequest(input).action.tool === 'ok' ? true : { allow: false, reason: 'never' }),
      reads: [['action']],
    };
    fixture = await openFixture([rule]);
    const decisions = [];
    for (let count = 0; count < 7; count++)
      decisions.push(await fixture.point.decide(toolCall('bad', { n: 1 })));
    expect(decisions.slice(0, 5).map(({ reason }) => reason)).toEqual(Array(5).fill('never'));
    expect(reasonsOf(decisions[5]!)).toEqual(['circuit_open', 'never']);
    expect(decisions[6]?.obligations).toContainEqual({ id: 'circuit-open', type: 'halt', properties: {} });
    expect(await fixture.point.decide(toolCall('bad', { n: 2 }))).toMatchObject({ reason: 'never' });
    expect(await fixture.point.decide(toolCall('ok'))).toMatchObject({ outcome: 'allow' });
  });
});

describe('halt and repetition', () => {
  it('[P-HALT] refuses to repeat an allow that was given before the halt', async () => {
    fixture = await openFixture([ALLOW_ALL]);
    const call = toolCall('pay', { cents: 5 }, { idempotency_key: 'k1' });
    const first = await fixture.point.decide(call);
    const target = { kind: 'tenant', tenant: tenantNow() } as const;
    await fixture.point.administration.halt(target, 'operator');
    expect(await fixture.point.decide(call)).toMatchObject({ effect: 'refuse', reason: 'halted' });
    await fixture.point.administration.resume(target, 'operator');
    expect(await fixture.point.decide(call)).toEqual(first);
  });
});
