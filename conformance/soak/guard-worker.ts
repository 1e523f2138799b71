/**
 * A process whose agent works through `guard()` on a data directory that others use too. Its arguments: the directory,
 * its mark, how many calls are in flight, the budget. One JSON line per call on standard output; any line on standard
 * input, or its end, stops it.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DecisionPoint, JsonObject } from '@writ/decision';
import { LEDGER_PROCEDURES, openFileSigner, startCheckpointer } from '@writ/ledger';
import {
  createDecisionPoint,
  createPolicySource,
  createRegoEngine,
  DECISION_PROCEDURES,
  loadPolicies,
} from '@writ/pdp';
import { guard } from '@writ/sdk';
import { type BudgetDefinition, STATE_PROCEDURES } from '@writ/state';
import { openStore, type Store } from '@writ/store';
import { callOf, isOnRecord } from './calls.ts';
import { TUTORIAL_BUNDLE } from './load-project.ts';
import type { WorkerLine } from './worker.ts';

const RETRY_MS = 10;
const [directory = '', mark = '', inFlight = '1', budgetText = '{}'] = process.argv.slice(2);
const budget = JSON.parse(budgetText) as BudgetDefinition;

function write(line: WorkerLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The point, telling of every decision that it made. */
function told(point: DecisionPoint, store: Store): DecisionPoint {
  return {
    ...point,
    async decide(call) {
      const decision = await point.decide(call);
      const { decision_id: id, effect, reason } = decision;
      write({ kind: 'told', id, effect, reason, onRecord: isOnRecord(decision), role: store.role });
      if (!isOnRecord(decision)) await sleep(RETRY_MS);
      return decision;
    },
  };
}

const store = await openStore({
  directory,
  procedures: [...DECISION_PROCEDURES, ...LEDGER_PROCEDURES, ...STATE_PROCEDURES],
});
const checkpointer = startCheckpointer({
  store,
  signer: openFileSigner(join(directory, 'credentials')),
  directory,
  trust: 'cooperative',
});
const loaded = await loadPolicies(
  [{ kind: 'path', path: TUTORIAL_BUNDLE, name: 'tutorial' }],
  createRegoEngine(),
);
if (!loaded.ok) throw new Error('the policies do not load');
const service = createDecisionPoint({
  store,
  policies: createPolicySource(loaded.set),
  budgets: [budget],
});
const point = told(service, store);

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
write({ kind: 'ready', role: store.role });
await Promise.all(
  Array.from({ length: Number(inFlight) }, async () => {
    while (!stopped) {
      const index = next;
      next += 1;
      await callOnce(index);
    }
  }),
);
await service.close();
await checkpointer.close();
await store.close();
process.stdin.destroy();
