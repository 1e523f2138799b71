import { approvalKey } from '@writ/state';
import type { Store } from '@writ/store';
import { afterEach, expect, it } from 'vitest';
import { createDecisionPoint } from '../../src/pipeline/create-decision-point.ts';
import { escalating, withApprovers } from './escalating.ts';
import { type Fixture, openFixture, tenantNow, toolCall } from './support.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

/** The fixture's store, with some readings told or refused. */
function watched(store: Store, watch: (reading: string, ...given: readonly unknown[]) => void): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...given: readonly unknown[]) => {
        watch(String(name), ...given);
        return member.apply(target, given);
      };
    },
  });
}

it('[P-CHANNEL-LOSES-NOTHING] an approval that cannot be read holds up nothing that is due for others', async () => {
  const soon = { escalate: [{ after_seconds: 0.01, groups: ['on-call'] }] };
  fixture = await openFixture(withApprovers(escalating('pay', 'needs_a_person'), () => soon));
  const ids: string[] = [];
  for (const n of [1, 2, 3])
    ids.push((await fixture.point.decide(toolCall('pay', { n }))).approval?.id as string);
  const broken = approvalKey(ids[0] as string);
  const store = watched(fixture.store, (reading, key) => {
    if (reading === 'read' && key === broken) throw new Error('another format');
  });
  const { channels } = createDecisionPoint({ store, policies: fixture.source }).administration;
  await new Promise((resolve) => setTimeout(resolve, 20));
  await expect(channels.upkeep()).rejects.toThrow(/^another format$/);
  const told = (await fixture.entries()).filter(({ core }) => core.event === 'escalated');
  expect(told.map(({ core }) => core.approval_id)).toEqual(ids.slice(1));
});

it('a list reads what waits anew where that is less than what happened since', async () => {
  fixture = await openFixture(escalating('pay', 'needs_a_person'));
  const read: string[] = [];
  const store = watched(fixture.store, (reading) => read.push(reading));
  const { approvals } = createDecisionPoint({ store, policies: fixture.source }).administration;
  await approvals.pending();
  await fixture.point.decide(toolCall('pay', { n: 1 }));
  read.length = 0;
  const [line] = (await approvals.pending()).filter(({ tenant }) => tenant === tenantNow());
  expect(line).toMatchObject({ tool: 'pay' });
  expect(read).toContain('entries');
  expect(read).not.toContain('scan');
  await Promise.all(Array.from({ length: 200 }, (_, n) => fixture.point.decide(toolCall('read', { n }))));
  read.length = 0;
  expect((await approvals.pending()).some(({ id }) => id === line?.id)).toBe(true);
  expect(read).not.toContain('entries');
  expect(read).toContain('scan');
});

it('the latest decisions on a tool are looked for where a channel tells them', async () => {
  fixture = await openFixture(escalating('pay', 'needs_a_person'));
  await fixture.point.decide(toolCall('pay', { n: 1 }));
  const id = (await fixture.point.decide(toolCall('pay', { n: 2 }))).approval?.id as string;
  const read: string[] = [];
  const store = watched(fixture.store, (reading) => read.push(reading));
  const { channels } = createDecisionPoint({ store, policies: fixture.source }).administration;
  expect((await channels.look(id, { name: 'slack' }))?.approval.recent).toBeUndefined();
  expect(read).not.toContain('entries');
  const told = await channels.look(id, { name: 'hook', tellsRecent: true });
  expect(told?.approval.recent).toHaveLength(1);
});
