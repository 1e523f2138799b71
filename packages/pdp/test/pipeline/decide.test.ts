import { afterEach, describe, expect, it } from 'vitest';
import { ALLOW_ALL, asRequest, type Fixture, openFixture, toolCall } from './support.ts';

let fixture: Fixture | undefined;
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

async function lastEntry(opened: Fixture) {
  const entry = (await opened.entries()).at(-1);
  if (entry === undefined) throw new Error('nothing is on record');
  return entry;
}

describe('decide', () => {
  it('[P-RECORD-BEFORE-RELEASE] answers an allow that is on record', async () => {
    fixture = await openFixture([ALLOW_ALL]);
    const decision = await fixture.point.decide(toolCall('files.read', { path: '/a' }));
    expect(decision).toMatchObject({
      outcome: 'allow',
      allow: true,
      effect: 'proceed',
      forwarded_args: { path: '/a' },
    });
    const entry = await lastEntry(fixture);
    expect(entry.core).toMatchObject({
      kind: 'decision',
      decision_id: decision.decision_id,
      outcome: 'allow',
      effect: 'proceed',
    });
    expect(entry.fields).toMatchObject({ principal: 'user:alice', tool: 'files.read', args: { path: '/a' } });
  });

  it('records a denial with its reason, rule and place', async () => {
    fixture = await openFixture([
      {
        path: 'test/decision',
        kind: 'grant',
        rule: () => ({ outcome: 'deny', reason: 'amount_over_limit' }),
        reads: [],
      },
    ]);
    const decision = await fixture.point.decide(toolCall('refund.issue', { cents: 1 }));
    expect(decision).toMatchObject({ outcome: 'deny', effect: 'refuse', reason: 'amount_over_limit' });
    expect(decision.reasons[0]).toMatchObject({ rule: 'data.test.decision', file: 'test.rego', row: 1 });
    expect(decision).not.toHaveProperty('forwarded_args');
    expect((await lastEntry(fixture)).core).toMatchObject({ outcome: 'deny', codes: ['amount_over_limit'] });
  });

  it('gives policies the counters of the store and ignores those of the caller', async () => {
    const seen: unknown[] = [];
    fixture = await openFixture([
      {
        path: 'test/allow',
        kind: 'grant',
        rule: (input) => {
          seen.push(asRequest(input).context?.request_count);
          return true;
        },
        reads: [['context', 'request_count']],
      },
    ]);
    const call = toolCall('files.read', {}, { session: 's1' });
    const lying = { ...call, request: { ...call.request, context: { session_id: 's1', request_count: 99 } } };
    await fixture.point.decide(lying);
    await fixture.point.decide(lying);
    expect(seen).toEqual([0, 1]);
  });
});
