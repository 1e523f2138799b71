import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DecideCall } from '@writ/decision';
import { LEDGER_PROCEDURES, openFileSigner, startCheckpointer, verifyLog } from '@writ/ledger';
import {
  createDecisionPoint,
  createPolicySource,
  createRegoEngine,
  DECISION_PROCEDURES,
  type DecisionService,
  loadPolicies,
  renderLoadFailure,
} from '@writ/pdp';
import type { BudgetDefinition } from '@writ/state';
import { openStore, type Store } from '@writ/store';

/** A decision point on a data directory of its own, and the calls that are asked of it in turn. */
export interface World {
  readonly directory: string;
  readonly store: Store;
  readonly point: DecisionService;
  call(index: number): DecideCall;
  /** Public key of the checkpoints. */
  readonly verifierKey: string;
  /** Signs the log as it is and verifies it from the files; how much is wrong with it. */
  problems(): Promise<number>;
  close(): Promise<void>;
}

/** Agents that call at the same time; each has a session of its own. */
const AGENTS = 1_000;

const BUDGET: BudgetDefinition = {
  name: 'calls',
  per: 'principal',
  unit: 'requests',
  limit: 9e9,
  window: 'day',
};

export interface WorldOptions {
  /** Folder of the bundle. */
  readonly bundle: string;
  readonly budgets: boolean;
  /** `postgres://…`: state and record are there. */
  readonly postgres?: string;
}

/** Opens a decision point with durable record below `folder`. */
export async function openWorld(folder: string, options: WorldOptions): Promise<World> {
  const directory = join(folder, `data-${Math.random().toString(36).slice(2)}`);
  mkdirSync(directory);
  const loaded = await loadPolicies([{ kind: 'path', path: options.bundle }], createRegoEngine());
  if (!loaded.ok) throw new Error(renderLoadFailure(loaded));
  const store = await openStore({
    directory,
    procedures: [...DECISION_PROCEDURES, ...LEDGER_PROCEDURES],
    ...(options.postgres === undefined ? {} : { postgres: options.postgres }),
  });
  // A checkpoint a second, as a service signs them.
  const signer = openFileSigner(join(directory, 'keys'), { name: 'writ/bench' });
  const checkpointer = startCheckpointer({ store, signer, directory, trust: 'cooperative' });
  const point = createDecisionPoint({
    store,
    policies: createPolicySource(loaded.set),
    budgets: options.budgets ? [BUDGET] : [],
  });
  return {
    directory,
    store,
    point,
    verifierKey: signer.verifierKey,
    call: toolCall,
    problems: async () => {
      await checkpointer.publish();
      return verifyLog({ directory, verifierKeys: [signer.verifierKey] }).problem_count;
    },
    close: async () => {
      await point.close();
      await checkpointer.close();
      await store.close();
    },
  };
}

function toolCall(index: number): DecideCall {
  const agent = index % AGENTS;
  return {
    request: {
      principal: { id: `user:${agent}`, kind: 'user', tenant: 'acme', scopes: ['read', 'write:refund'] },
      actor: { id: `agent:${agent}` },
      action: {
        type: 'tool_call',
        phase: 'call',
        tool: 'refund.issue',
        server: 'orders',
        args: { amount_cents: 100 + (index % 10_000), order: `order-${index}` },
      },
      context: { session_id: `session-${agent}`, trace_id: `trace-${index}` },
    },
  };
}
