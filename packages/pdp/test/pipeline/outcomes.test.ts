import { afterEach, describe, expect, it } from 'vitest';
import { ALLOW_ALL, asRequest, type Fixture, openFixture, type RuleAt, toolCall } from './support.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

/** Hides card numbers, wherever the pointers say. */
function redacting(pointers: (input: ReturnType<typeof asRequest>) => readonly string[]): RuleAt {
  return {
    path: 'test/redact',
    kind: 'guard',
    layer: 'compliance',
    reads: [['action']],
    rule: (input) => {
      const found = pointers(asRequest(input));
      return found.length === 0 ? true : { outcome: 'sanitize', redact: [...found], reason: 'card_number' };
    },
  };
}

describe('sanitize', () => {
  it('[P-SANITIZE-ONCE] forwards the redacted form, decided about again, and records both hashes', async () => {
    const seen: unknown[] = [];
    fixture = await openFixture([
      ALLOW_ALL,
      redacting((request) => {
        seen.push(request.action.args);
        return `${request.action.args?.['card']}` === '4111' ? ['/card'] : [];
      }),
    ]);
    const decision = await fixture.point.decide(toolCall('mail.send', { to: 'bob', card: '4111' }));
    expect(decision).toMatchObject({
      outcome: 'sanitize',
      allow: true,
      effect: 'proceed',
      forwarded_args: { to: 'bob', card: '[REDACTED]' },
    });
    expect(seen).toEqual([
      { to: 'bob', card: '4111' },
      { to: 'bob', card: '[REDACTED]' },
    ]);
    expect(decision.arg_hash).not.toBe(decision.forwarded_hash);
    const [entry] = await fixture.entries();
    expect(entry?.fields).toMatchObject({
      args: { card: '4111' },
      forwarded_args: { card: '[REDACTED]' },
      arg_hash: decision.arg_hash,
      forwarded_hash: decision.forwarded_hash,
    });
  });

  it('denies with `sanitize_unstable` where the redacted form would have to change again', async () => {
    fixture = await openFixture([
      ALLOW_ALL,
      redacting((request) => (request.action.args?.['a'] === '[REDACTED]' ? ['/b'] : ['/a'])),
    ]);
    const decision = await fixture.point.decide(toolCall('mail.send', { a: 1, b: 2 }));
    expect(decision).toMatchObject({ outcome: 'deny', effect: 'refuse', reason: 'sanitize_unstable' });
    expect(decision).not.toHaveProperty('forwarded_args');
  });

  it('denies where the redacted form is denied, and keeps the reasons of both', async () => {
    const form: RuleAt = {
      path: 'test/form',
      kind: 'violations',
      layer: 'resource',
      rule: (input) => (asRequest(input).action.args?.['card'] === '[REDACTED]' ? ['card is needed'] : []),
      reads: [['action']],
    };
    fixture = await openFixture([ALLOW_ALL, redacting(() => ['/card']), form]);
    const decision = await fixture.point.decide(toolCall('mail.send', { card: '4111' }));
    expect(decision).toMatchObject({ outcome: 'deny', effect: 'refuse' });
    expect(decision.reasons.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['objection', 'card_number']),
    );
  });

  it('shows an approver the redacted form, and holds the approval to it', async () => {
    const human: RuleAt = {
      path: 'test/human',
      kind: 'guard',
      layer: 'workflow',
      rule: () => 'escalate',
      reads: [],
    };
    fixture = await openFixture([ALLOW_ALL, redacting(() => ['/card']), human]);
    const asked = await fixture.point.decide(toolCall('pay', { card: '4111' }));
    expect(asked.outcome).toBe('escalate');
    const id = asked.approval?.id ?? '';
    expect((await fixture.point.approval.get(id))?.action.args).toEqual({ card: '[REDACTED]' });
    await fixture.point.administration.approvals.approve(id, 'operator');
    const resumed = await fixture.point.decide(toolCall('pay', { card: '4111' }, { approval_id: id }));
    expect(resumed).toMatchObject({
      outcome: 'sanitize',
      effect: 'proceed',
      forwarded_args: { card: '[REDACTED]' },
    });
  });
});

describe('observe', () => {
  const observing = { pointId: 'watcher', mayAssert: {}, mode: 'observe' } as const;

  it('[P-OBSERVE] proceeds against policies and budgets with the true verdict, both on record', async () => {
    const deny: RuleAt = {
      path: 'test/no',
      kind: 'guard',
      layer: 'workflow',
      rule: () => ({ allow: false, reason: 'no' }),
      reads: [],
    };
    fixture = await openFixture([ALLOW_ALL, deny], { caller: observing });
    const decision = await fixture.point.decide(toolCall('search', { q: 1 }));
    expect(decision).toMatchObject({
      outcome: 'deny',
      allow: false,
      effect: 'proceed',
      forwarded_args: { q: 1 },
      metadata: { mode: 'observe' },
    });
    const [entry] = await fixture.entries();
    expect(entry?.core).toMatchObject({ outcome: 'deny', effect: 'proceed', mode: 'observe' });
  });

  it('waives an exhausted budget, asks no person and changes no arguments', async () => {
    const human: RuleAt = {
      path: 'test/human',
      kind: 'guard',
      layer: 'workflow',
      rule: () => 'escalate',
      reads: [],
    };
    const budgets = [{ name: 'none', per: 'actor', unit: 'requests', limit: 0 }] as const;
    fixture = await openFixture([ALLOW_ALL, human], { caller: observing, budgets });
    const decision = await fixture.point.decide(toolCall('search'));
    expect(decision).toMatchObject({ outcome: 'deny', effect: 'proceed', reason: 'budget_exhausted' });
    expect(decision).not.toHaveProperty('approval');
  });

  it('never waives strict reading, claims beyond the credential, or a changed tool', async () => {
    const catalogue = (_server: string | undefined, tool: string) =>
      tool === 'gone'
        ? { known: false }
        : { known: true, ...(tool === 'pinned' ? { digest: `sha256:${'1'.repeat(64)}` } : {}) };
    const caller = { ...observing, mayAssert: { principals: ['user:*'] } };
    fixture = await openFixture([ALLOW_ALL], { caller, catalogue });
    expect(await fixture.point.decide(toolCall('gone'))).toMatchObject({
      effect: 'refuse',
      reason: 'tool_unknown',
    });
    expect(await fixture.point.decide(toolCall('pinned'))).toMatchObject({
      effect: 'refuse',
      reason: 'tool_changed',
    });
    const robot = toolCall('search');
    const claim = { ...robot, request: { ...robot.request, principal: { id: 'service:robot' } } };
    expect(await fixture.point.decide(claim)).toMatchObject({
      effect: 'refuse',
      reason: 'assertion_not_permitted',
    });
    const inexact = toolCall('search', { n: Number.POSITIVE_INFINITY });
    expect((await fixture.point.decide(inexact)).effect).toBe('refuse');
  });

  it('is limited to the actors and tenants that the credential names', async () => {
    const deny: RuleAt = { path: 'test/no', kind: 'guard', layer: 'workflow', rule: () => false, reads: [] };
    fixture = await openFixture([ALLOW_ALL, deny], {
      caller: { ...observing, observeOnly: { actors: ['agent:new-*'] } },
    });
    expect(await fixture.point.decide(toolCall('search'))).toMatchObject({
      effect: 'refuse',
      metadata: { mode: 'enforce' },
    });
    const call = toolCall('search');
    const fresh = { ...call, request: { ...call.request, actor: { id: 'agent:new-1' } } };
    expect(await fixture.point.decide(fresh)).toMatchObject({
      effect: 'proceed',
      metadata: { mode: 'observe' },
    });
  });
});

describe('complete', () => {
  const output = (rule: RuleAt['rule']): RuleAt => ({
    path: 'test/output',
    kind: 'guard',
    layer: 'compliance',
    when: { phases: ['result'] },
    rule,
    reads: [['result'], ['action']],
  });

  it('records what became of the effect, once', async () => {
    fixture = await openFixture([ALLOW_ALL]);
    const { decision_id } = await fixture.point.decide(toolCall('search'));
    const result = { content: 'found' };
    expect(await fixture.point.complete({ decision_id, status: 'succeeded', result })).toEqual({
      effect: 'proceed',
      outcome: 'allow',
      reasons: [],
      result,
    });
    await fixture.point.close();
    expect(await fixture.point.complete({ decision_id, status: 'succeeded', result })).toMatchObject({
      effect: 'proceed',
    });
    const other = await fixture.point.complete({
      decision_id,
      status: 'succeeded',
      result: { content: 'another' },
    });
    expect(other).toMatchObject({ effect: 'refuse', reasons: [{ code: 'idempotency_mismatch' }] });
    const kinds = (await fixture.entries()).map(({ core }) => [core.kind, core.event]);
    expect(kinds).toEqual([
      ['decision', undefined],
      ['result', 'succeeded'],
    ]);
  });

  it('[P-RESULT-JUDGED] keeps back a result that an output policy refuses, and redacts one that it wants redacted', async () => {
    fixture = await openFixture([
      ALLOW_ALL,
      output((input) => {
        const text = `${asRequest(input).result?.content}`;
        if (text.includes('secret')) return { allow: false, reason: 'secret_found' };
        return asRequest(input).result?.structured === undefined
          ? true
          : { outcome: 'sanitize', redact: ['/result/structured/ssn'] };
      }),
    ]);
    const decide = async () => (await fixture.point.decide(toolCall('search', { q: 1 }))).decision_id;
    const refused = await fixture.point.complete({
      decision_id: await decide(),
      status: 'succeeded',
      result: { content: 'a secret' },
    });
    expect(refused).toMatchObject({ effect: 'refuse', outcome: 'deny', reasons: [{ code: 'secret_found' }] });
    expect(refused).not.toHaveProperty('result');
    const redacted = await fixture.point.complete({
      decision_id: await decide(),
      status: 'succeeded',
      result: { structured: { name: 'bob', ssn: '1' } },
    });
    expect(redacted).toMatchObject({
      effect: 'proceed',
      outcome: 'sanitize',
      result: { structured: { name: 'bob', ssn: '[REDACTED]' } },
    });
  });

  it('refuses what this point did not decide', async () => {
    fixture = await openFixture([ALLOW_ALL]);
    const { decision_id } = await fixture.point.decide(toolCall('search'));
    const other = fixture.point.as({ pointId: 'other', mayAssert: {}, mode: 'enforce' });
    expect(await other.complete({ decision_id, status: 'succeeded' })).toMatchObject({
      effect: 'refuse',
      reasons: [{ code: 'not_found' }],
    });
    expect(await fixture.point.complete({ decision_id: 'dec-none', status: 'succeeded' })).toMatchObject({
      effect: 'refuse',
    });
  });
});

describe('list', () => {
  it('shows what something could allow, in one entry; beyond its credential a caller sees nothing', async () => {
    const rule: RuleAt = {
      path: 'test/tools',
      kind: 'grant',
      when: { phases: ['call', 'list'] },
      rule: (input) => asRequest(input).action.tool !== 'db.drop',
      reads: [['action']],
    };
    fixture = await openFixture([rule], {
      caller: { pointId: 'p', mayAssert: { actors: ['agent:*'] }, mode: 'enforce' },
    });
    const { request } = toolCall('any');
    const asked = {
      request: { ...request, action: { type: 'tool_call', phase: 'list' } as const },
      items: [{ tool: 'db.read' }, { tool: 'db.drop' }],
    };
    expect((await fixture.point.list(asked)).visible).toEqual([true, false]);
    const stranger = { ...asked, request: { ...asked.request, actor: { id: 'other' } } };
    expect((await fixture.point.list(stranger)).visible).toEqual([false, false]);
    expect(await fixture.entries()).toHaveLength(2);
  });
});

describe('explain', () => {
  it("gives each entrypoint's opinion and writes nothing", async () => {
    const deny: RuleAt = {
      path: 'test/no',
      kind: 'guard',
      layer: 'workflow',
      rule: () => ({ allow: false, reason: 'no' }),
      reads: [],
    };
    fixture = await openFixture([ALLOW_ALL, deny]);
    const explained = await fixture.point.explain(toolCall('search'));
    expect(explained.outcome).toBe('deny');
    expect(explained.opinions.map(({ rule, opinion }) => [rule, opinion])).toEqual([
      ['data.test.allow', 'allow'],
      ['data.test.no', 'deny'],
    ]);
    expect(await fixture.entries()).toEqual([]);
  });
});
