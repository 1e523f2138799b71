import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDecisionPoint, createPolicySource } from '@writ/pdp';
import { openWorld } from './decision-rate/worlds.ts';
import { type BenchReport, spreadOf } from './measure.ts';

const PENDING = Number(process.env['WRIT_BENCH_PENDING'] ?? 10_000);
const ROUNDS = 40;
/** The promise: 10,000 pending approvals are listed in under 20 ms. */
const GOAL_MS = 20;
/** One principal and actor may ask a hundred times an hour. */
const ASKS_PER_AGENT = 90;

/** How long it takes to list what waits for people. */
export async function run(): Promise<BenchReport> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-bench-'));
  const world = await openWorld(folder, {
    bundle: join(import.meta.dirname, '../examples/tutorial/bundle'),
    budgets: false,
  });
  try {
    const { approvals } = world.point.administration;
    for (let from = 0; from < PENDING; from += 16)
      await Promise.all(
        Array.from({ length: Math.min(16, PENDING - from) }, (_, index) => ask(world, from + index)),
      );
    // As after a start: everything is read from the state.
    const fresh = createDecisionPoint({ store: world.store, policies: createPolicySource(undefined) });
    const begun = performance.now();
    await fresh.administration.approvals.pending();
    const first = performance.now() - begun;
    const whole: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      const lines = await approvals.pending();
      whole.push(performance.now() - start);
      if (lines.length !== PENDING) throw new Error(`${lines.length} wait, where ${PENDING} were asked for`);
    }
    const spread = spreadOf(whole);
    const figure = { name: `${PENDING} pending approvals listed`, unit: 'ms', value: spread.median, spread };
    const start = { name: 'the first list after a start', unit: 'ms', value: first };
    return { figures: [{ ...figure, goal: { atMost: GOAL_MS } }, start], leftOut: [] };
  } finally {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ask(world: Awaited<ReturnType<typeof openWorld>>, index: number): Promise<void> {
  const decision = await world.point.decide({
    request: {
      principal: { id: 'user:42', scopes: ['read', 'write:refund', 'write:destructive'] },
      actor: { id: `agent:${Math.floor(index / ASKS_PER_AGENT)}` },
      action: { type: 'tool_call', phase: 'call', tool: 'db.delete', args: { table: `orders_${index}` } },
    },
  });
  if (decision.outcome !== 'escalate')
    throw new Error(`no approval was asked for: ${decision.reason}: ${decision.reasons[0]?.message ?? ''}`);
}
