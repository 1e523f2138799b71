import { describe, expect, it } from 'vitest';
import { createDecisionPoint } from '../../src/pipeline/create-decision-point.ts';
import { ALLOW_ALL, openFixture, policySetOf, type RuleAt, toolCall } from './support.ts';

describe('the record of a decision', () => {
  const trial = (rule: RuleAt['rule'], more: Partial<RuleAt> = {}): RuleAt => ({
    path: 'trial/x',
    kind: 'guard',
    layer: 'compliance',
    mode: 'observe',
    reads: [],
    rule,
    ...more,
  });

  it('[P-OBSERVE-CHANGES-NOTHING] holds what observing entrypoints said, which the caller is not told', async () => {
    const rules = [ALLOW_ALL, trial(() => ({ allow: false, reason: 'wrong_region' }))];
    const { point, entries, close } = await openFixture(rules);
    const decision = await point.decide(toolCall('read'));
    expect(decision).toMatchObject({ outcome: 'allow', effect: 'proceed' });
    expect(JSON.stringify(decision)).not.toContain('wrong_region');
    expect((await entries()).at(-1)?.fields.note).toEqual({
      observed: {
        outcome_if_counted: 'deny',
        opinions: [
          {
            layer: 'compliance',
            bundle: 'test',
            rule: 'data.trial.x',
            kind: 'guard',
            opinion: 'deny',
            codes: ['wrong_region'],
          },
        ],
      },
    });
    await close();
  });

  it('[P-OBSERVE-CHANGES-NOTHING] holds what they said of a result, which is released', async () => {
    const rules = [ALLOW_ALL, trial(() => 'deny', { when: { phases: ['result'] } })];
    const { point, entries, close } = await openFixture(rules);
    const { decision_id } = await point.decide(toolCall('read', {}, { idempotency_key: 'k-1' }));
    const result = { content: 'secret' };
    const done = await point.complete({ decision_id, status: 'succeeded', result });
    expect(done).toMatchObject({ effect: 'proceed', outcome: 'allow', result });
    expect((await entries()).at(-1)?.fields.note).toMatchObject({ observed: { outcome_if_counted: 'deny' } });
    await close();
  });

  it('[P-OBSERVE-CHANGES-NOTHING] an observing output policy that came since keeps no result back', async () => {
    const { source, point, close } = await openFixture([ALLOW_ALL]);
    const { decision_id } = await point.decide(toolCall('read', {}, { idempotency_key: 'k-2' }));
    source.swap(policySetOf([ALLOW_ALL, trial(() => 'deny', { when: { phases: ['result'] } })]));
    const done = await point.complete({ decision_id, status: 'succeeded', result: { content: 'x' } });
    expect(done.effect).toBe('proceed');
    await close();
  });

  it('[P-OBSERVE-CHANGES-NOTHING] one that takes for ever takes no time from those that count', async () => {
    const never = trial(() => new Promise(() => undefined));
    const { store, source, close } = await openFixture([ALLOW_ALL, never]);
    const point = createDecisionPoint({ store, policies: source, limits: { decisionMs: 400 } });
    expect(await point.decide(toolCall('read'))).toMatchObject({ outcome: 'allow' });
    await point.close();
    await close();
  });
});
