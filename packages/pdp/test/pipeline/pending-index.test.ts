import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { createDecisionPoint } from '../../src/pipeline/create-decision-point.ts';
import { escalating } from './escalating.ts';
import { type Fixture, openFixture, tenantNow, toolCall } from './support.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

it('what waits is the same in every process, whichever of them moved it', async () => {
  fixture = await openFixture(escalating('pay', 'needs_a_person'));
  const points = [
    fixture.point,
    createDecisionPoint({ store: fixture.store, policies: fixture.source }),
  ] as const;
  const open: string[] = [];
  let asked = 0;
  const step = fc.record({
    at: fc.constantFrom(0, 1),
    act: fc.constantFrom('ask', 'ask', 'approve', 'deny', 'cancel'),
    which: fc.nat(),
  });
  const waiting = async (at: 0 | 1) =>
    (await points[at].administration.approvals.pending())
      .filter(({ tenant }) => tenant === tenantNow())
      .map(({ id }) => id);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      for (const { at, act, which } of steps) {
        const point = points[at as 0 | 1];
        if (act === 'ask') {
          const agent = { id: `agent:${Math.floor(asked / 50)}` };
          const call = toolCall('pay', { n: asked++ });
          const decision = await point.decide({ ...call, request: { ...call.request, actor: agent } });
          open.push(decision.approval?.id ?? 'none');
          continue;
        }
        const [id] = open.length === 0 ? [] : open.splice(which % open.length, 1);
        if (id === undefined) continue;
        if (act === 'cancel') await point.approval.cancel(id);
        else await point.administration.approvals[act](id, 'operator');
      }
      expect(await waiting(0)).toEqual([...open].sort());
      expect(await waiting(1)).toEqual([...open].sort());
    }),
    { numRuns: 30 },
  );
});
