import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDecisionPoint } from '../../src/pipeline/create-decision-point.ts';
import { StateMemory } from '../../src/pipeline/state-memory.ts';
import { asRequest, type Fixture, openFixture, type RuleAt, toolCall } from './support.ts';

let fixture: Fixture;
afterEach(async () => {
  vi.restoreAllMocks();
  await fixture?.close();
});

/** Allows the first calls of a session, as many as `limit`. */
function firstCalls(limit: number, more: readonly (readonly string[])[] = []): RuleAt {
  return {
    path: 'test/allow',
    kind: 'grant',
    rule: (input) => (asRequest(input).context?.request_count ?? Number.NaN) < limit,
    reads: [['context', 'request_count'], ...more],
  };
}

describe('cells of the state in memory', () => {
  it('spare the read before a decision once the session is known', async () => {
    fixture = await openFixture([firstCalls(3)]);
    const reads = vi.spyOn(fixture.store, 'read');
    const outcomes: string[] = [];
    for (let call = 0; call < 4; call++) {
      outcomes.push((await fixture.point.decide(toolCall('search', {}, { session: 'known' }))).outcome);
      if (call === 0) reads.mockClear();
    }
    expect(outcomes).toEqual(['allow', 'allow', 'allow', 'deny']);
    expect(reads).not.toHaveBeenCalled();
  });

  it('[P-STATE-COMPARED] never decide: another that writes the same session is noticed in the commit', async () => {
    fixture = await openFixture([firstCalls(6)]);
    const other = createDecisionPoint({ store: fixture.store, policies: fixture.source });
    const outcomes: string[] = [];
    for (let call = 0; call < 10; call++) {
      const point = [fixture.point, other][Math.floor(call / 2) % 2] as typeof other;
      outcomes.push((await point.decide(toolCall('search', {}, { session: 'shared' }))).outcome);
    }
    expect(outcomes).toEqual([...Array(6).fill('allow'), ...Array(4).fill('deny')]);
  });

  it('[P-STATE-COMPARED] never let more through when two decide at the same time', async () => {
    fixture = await openFixture([firstCalls(5)]);
    const other = createDecisionPoint({ store: fixture.store, policies: fixture.source });
    const ask = (point: typeof other) => point.decide(toolCall('search', {}, { session: 'raced' }));
    const decisions = await Promise.all(
      Array.from({ length: 12 }, (_, index) => ask(index % 2 ? other : fixture.point)),
    );
    expect(decisions.filter(({ effect }) => effect === 'proceed')).toHaveLength(5);
  });

  it('are not used for facts that no commit compares', async () => {
    fixture = await openFixture([firstCalls(9, [['context', 'session_age_seconds']])]);
    await fixture.point.decide(toolCall('search', {}, { session: 'aged' }));
    const reads = vi.spyOn(fixture.store, 'read');
    await fixture.point.decide(toolCall('search', {}, { session: 'aged' }));
    expect(reads).toHaveBeenCalled();
  });
});

describe('the memory', () => {
  it('recalls all of what is asked or nothing, also that there is no cell', () => {
    const memory = new StateMemory();
    memory.remember([
      ['a', '1'],
      ['b', null],
    ]);
    expect(memory.recall(['a', 'b'])).toEqual(
      new Map([
        ['a', '1'],
        ['b', undefined],
      ]),
    );
    expect(memory.recall(['a', 'c'])).toBeUndefined();
  });

  it('does not remember again what turned out to be stale', () => {
    const memory = new StateMemory();
    memory.distrust(['a']);
    memory.remember([['a', '1']]);
    expect(memory.recall(['a'])).toBeDefined();
    memory.distrust(['a']);
    memory.remember([['a', '2']]);
    expect(memory.recall(['a'])).toBeUndefined();
  });

  it('forgets the oldest cells', () => {
    const memory = new StateMemory(2);
    for (const key of ['a', 'b', 'a', 'c']) memory.remember([[key, key]]);
    expect([memory.recall(['b']), memory.recall(['a', 'c'])?.size]).toEqual([undefined, 2]);
  });
});
