/**
 * A process whose agent works through `guard()` on a data directory that others use too. Its arguments: the directory,
 * its mark, how many calls are in flight, the budget. One JSON line per call on standard output; any line on standard
 * input, or its end, stops it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DecisionPoint, JsonObject } from '@writ/decision';
import { guard } from '@writ/sdk';
import { openLocal } from '@writ/sdk/local';
import type { BudgetDefinition } from '@writ/state';
import { callOf, isOnRecord } from './calls.ts';
import { TUTORIAL_BUNDLE } from './load-project.ts';
import type { WorkerLine } from './worker.ts';

const RETRY_MS = 10;
const [directory = '', mark = '', inFlight = '1', budgetText = '{}'] = process.argv.slice(2);
const budget = JSON.parse(budgetText) as BudgetDefinition;

function write(line: WorkerLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const local = await openLocal({ bundles: [TUTORIAL_BUNDLE], dataDirectory: directory, budgets: [budget] });

/** The point, telling of every decision that it made. */
const point: DecisionPoint = {
  ...local.point,
  async decide(call) {
    const decision = await local.point.decide(call);
    const { decision_id: id, effect, reason } = decision;
    const onRecord = isOnRecord(decision);
    write({ kind: 'told', id, effect, reason, onRecord, role: local.store.role });
    if (!onRecord) await sleep(RETRY_MS);
    return decision;
  },
};

/** One call through tools of its own, as an agent of its principal would. */
async function callOnce(index: number): Promise<void> {
  const { principal, actor, action } = callOf(mark, index).request;
  const run = (): string => {
    write({ kind: 'ran', index });
    return 'done';
  };
  const tools = guard({ 'db.read': run, 'refund.issue': run }, { point, principal, actor });
  const tool = action.tool === 'db.read' ? tools['db.read'] : tools['refund.issue'];
  await (tool as (args: JsonObject) => Promise<string>)(action.args ?? {});
}

let next = 0;
let stopped = false;
process.stdin.resume();
process.stdin.once('data', () => {
  stopped = true;
});
process.stdin.once('end', () => {
  stopped = true;
});
write({ kind: 'ready', role: local.store.role });
await Promise.all(
  Array.from({ length: Number(inFlight) }, async () => {
    while (!stopped) {
      const index = next;
      next += 1;
      await callOnce(index);
    }
  }),
);
await local.close();
process.stdin.destroy();
