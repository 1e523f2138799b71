import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store } from '@writ/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  budgetUse,
  factKeys,
  type Gathered,
  gatherFacts,
  NAMED_SESSION_IDLE_MS,
  PENDING_PREFIX,
  readApproval,
  readSession,
  STATE_PROCEDURES,
  type StateSubject,
  SWEEP_INTERVAL_MS,
  sessionKey,
  sessionKeys,
  startSweeper,
  sweepStep,
} from '../src/index.ts';
import { budget, type StateRequest } from './fixtures/state-procedure.ts';

const subject: StateSubject = { tenant: 'acme', principal: 'alice', actor: 'agent-1' };
let folder: string;
let store: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'writ-state-test-'));
  const procedures = [new URL('./fixtures/state-procedure.ts', import.meta.url), ...STATE_PROCEDURES];
  store = await openStore({ directory: join(folder, 'data'), procedures });
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const call = (request: StateRequest): Promise<string> => store.call('state.test', request);
const tally = (answers: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    [...new Set(answers)].map((each) => [each, answers.filter((other) => other === each).length]),
  );
async function fetched(keys: readonly string[]): Promise<(key: string) => string | undefined> {
  const cells = new Map(await Promise.all(keys.map(async (key) => [key, await store.read(key)] as const)));
  return (key) => cells.get(key);
}

describe('on the real store, with many callers at once', () => {
  it('[P-BUDGET-NEVER-OVERSPENT] grants exactly what the budget holds', async () => {
    const decide = (each: number): Promise<string> =>
      call({ kind: 'decide', id: `dec-${each}`, subject: { ...subject, actor: `agent-${each % 4}` } });
    const answers = await Promise.all(Array.from({ length: 80 }, (_, each) => decide(each)));
    expect(tally(answers)).toEqual({ reserved: budget.limit, exhausted: 80 - budget.limit });
    const granted = answers.flatMap((answer, each) => (answer === 'reserved' ? [each] : []));
    // Each of these is released twice at once; only one refund counts.
    const released = await Promise.all(
      granted.slice(0, 10).flatMap((each) => {
        const one: StateRequest = {
          kind: 'release',
          id: `dec-${each}`,
          subject: { ...subject, actor: `agent-${each % 4}` },
        };
        return [call(one), call(one)];
      }),
    );
    expect(tally(released)).toEqual({ refunded: 10, repeat: 10 });
    const read = await fetched(factKeys(['budgets'], subject, [budget]));
    expect(budgetUse(read, budget, subject, Date.now()).used).toBe(budget.limit - 10);
  });

  it('[P-APPROVAL-ONCE] lets one of many use an approval, and one person decide', async () => {
    await call({ kind: 'ask', id: 'apr-1', by: 'agent' });
    expect(await store.scan(PENDING_PREFIX)).toHaveLength(1);
    const decided = await Promise.all(
      Array.from({ length: 10 }, (_, each) => call({ kind: 'approve', id: 'apr-1', by: `person-${each}` })),
    );
    expect(tally(decided)).toEqual({ approved: 1, approval_decided: 9 });
    const used = await Promise.all(
      Array.from({ length: 30 }, (_, each) => call({ kind: 'use', id: 'apr-1', by: `dec-${each}` })),
    );
    expect(tally(used)).toEqual({ used: 1, approval_used: 29 });
    expect(await store.scan(PENDING_PREFIX)).toHaveLength(0);
    const read = await fetched(['approval/apr-1']);
    expect(readApproval(read, 'apr-1', Date.now())).toMatchObject({ status: 'used' });
  });

  it('[P-STATE-COMPARED] lets a limit that a policy read hold: of those that read the same count one commits', async () => {
    const limit = 6;
    let asked = 0;
    const decideWithin = async (caller: number): Promise<string> => {
      for (;;) {
        const facts = ['request_count'] as const;
        const read = await fetched(factKeys(facts, subject, []));
        const gathered: Gathered = gatherFacts(facts, subject, [], read, Date.now());
        if ((gathered.context.request_count ?? limit) >= limit) return 'refused by policy';
        asked += 1;
        const answer = await call({ kind: 'decide', id: `dec-${caller}-${asked}`, subject, gathered });
        if (answer !== 'conflict') return answer;
      }
    };
    const answers = await Promise.all(Array.from({ length: 20 }, (_, caller) => decideWithin(caller)));
    expect(tally(answers)).toEqual({ reserved: limit, 'refused by policy': 20 - limit });
    const read = await fetched(sessionKeys(subject));
    expect(readSession(read, subject, Date.now())).toMatchObject({ request_count: limit, version: limit });
    expect(sessionKeys(subject)).toEqual([sessionKey(subject)]);
  });
});

describe('sweeping', () => {
  it('removes nothing that still counts, whatever the scan suggests', async () => {
    await call({ kind: 'decide', id: 'dec-1', subject });
    const key = sessionKey(subject);
    const shard = Number.parseInt(key.split('/')[1]!, 16);
    expect(await sweepStep(store, shard, Date.now())).toBe(0);
    // The scan's clock is ahead; the transaction's is not.
    expect(await sweepStep(store, shard, Date.now() + 10 * NAMED_SESSION_IDLE_MS)).toBe(0);
    expect(await store.read(key)).toBeDefined();
    expect(await store.read('decision/dec-1')).toBeDefined();
    const sweeper = startSweeper(store, { intervalMs: SWEEP_INTERVAL_MS });
    await sweeper.close();
  });
});
