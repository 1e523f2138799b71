import type { DecideCall } from '@writ/decision';
import { afterEach, describe, expect, it } from 'vitest';
import { ALLOW_ALL, type Fixture, openFixture, tenantNow, toolCall } from './support.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

/** A call in which `planner` drives the acting agent, on a person's authority. */
function delegated(more: Partial<DecideCall> = {}): DecideCall {
  const call = toolCall('search', {}, more);
  const { actor } = call.request;
  const delegation = [
    { id: 'user:boss', kind: 'user' },
    { id: 'agent:planner', kind: 'agent' },
    { id: actor.id, kind: 'agent' },
  ];
  return { ...call, request: { ...call.request, delegation } };
}

describe('revocation', () => {
  it('[P-REVOKED] denies with its own code, wherever in the call somebody revoked stands, until it is taken back', async () => {
    fixture = await openFixture([ALLOW_ALL]);
    const { administration } = fixture.point;
    const { principal, actor } = delegated().request;
    for (const [kind, id, code] of [
      ['actor', actor.id, 'actor_revoked'],
      ['principal', principal.id, 'principal_revoked'],
      ['actor', 'agent:planner', 'parent_revoked'],
      ['principal', 'user:boss', 'parent_revoked'],
    ] as const) {
      expect(await administration.revoke({ kind, id }, 'operator', 'key leaked')).toEqual({ ok: true });
      const refused = await fixture.point.decide(delegated());
      expect(refused).toMatchObject({ outcome: 'deny', effect: 'refuse', reason: code });
      expect(refused.reasons[0]).toMatchObject({ message: 'key leaked' });
      await administration.restore({ kind, id }, 'operator');
      expect(await fixture.point.decide(delegated())).toMatchObject({ outcome: 'allow' });
    }
    const acts = (await fixture.entries()).flatMap(({ core }) =>
      core.kind === 'administrative' ? [core.event] : [],
    );
    expect(acts).toEqual(Array(4).fill(['revoked', 'restored']).flat());
  });

  it('[P-REVOKED] is not waived by observing, nor by repeating an allow that was given before', async () => {
    const observing = { pointId: 'p', mayAssert: {}, mode: 'observe' } as const;
    fixture = await openFixture([ALLOW_ALL], { caller: observing });
    const call = delegated({ idempotency_key: 'k' });
    expect(await fixture.point.decide(call)).toMatchObject({ effect: 'proceed' });
    const target = { kind: 'actor', id: 'agent:planner', tenant: tenantNow() } as const;
    await fixture.point.administration.revoke(target, 'operator');
    expect(await fixture.point.decide(call)).toMatchObject({ effect: 'refuse', reason: 'parent_revoked' });
  });

  it('in one tenant leaves others alone; a name that merely begins alike is another', async () => {
    fixture = await openFixture([ALLOW_ALL]);
    const { administration } = fixture.point;
    await administration.revoke({ kind: 'actor', id: 'agent:planner', tenant: 'elsewhere' }, 'operator');
    await administration.revoke({ kind: 'actor', id: 'agent:plan' }, 'operator');
    await administration.revoke({ kind: 'principal', id: 'agent:helper' }, 'operator');
    expect(await fixture.point.decide(delegated())).toMatchObject({ outcome: 'allow' });
    await administration.revoke({ kind: 'actor', id: 'agent:planner', tenant: tenantNow() }, 'operator');
    expect(await fixture.point.decide(delegated())).toMatchObject({ reason: 'parent_revoked' });
  });
});
