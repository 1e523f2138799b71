import { EventEmitter } from 'node:events';
import type { DecideCall, Environment } from '@writ/decision';
import { randomSalts, type SignReceipt, type Trust } from '@writ/ledger';
import type { BudgetDefinition } from '@writ/state';
import type { Store } from '@writ/store';
import type { PolicySource } from '../layers/policy-source.ts';
import { createAdministration } from './administration.ts';
import { approvalFor } from './approvals.ts';
import type { Approver } from './approver.ts';
import type { CallerIdentity } from './caller.ts';
import { complete } from './complete.ts';
import {
  type ClampedClock,
  type Clock,
  type Core,
  DEFAULT_LIMITS,
  type PipelineLimits,
  type ToolCatalogue,
} from './core.ts';
import { decide } from './decide.ts';
import { decideRaw } from './decide-raw.ts';
import { denialBindings } from './denial-binding.ts';
import { explain } from './explain.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { list } from './list.ts';
import { Meters } from './meters.ts';
import { PendingIndex } from './pending-index.ts';
import { rememberPolicyFacts } from './policy-facts.ts';
import { createRandomPool } from './random-pool.ts';
import { report } from './report.ts';
import { search } from './search.ts';
import type { DecisionService, PointHandle, RawQuestion } from './service.ts';
import { StateMemory } from './state-memory.ts';

/** What a decision point is made of. */
export interface DecisionPointOptions {
  /** Opened with `DECISION_PROCEDURES` and the ledger's. The decision point does not close it. */
  readonly store: Store;
  /** The active policies; may be swapped at any time. */
  readonly policies: PolicySource;
  /** Who the point's own methods act for. Default: `in-process`, which may assert anything, enforcing. */
  readonly caller?: CallerIdentity;
  /** `cooperative` where the agent's own user can write the data directory. Default `cooperative`. */
  readonly trust?: Trust;
  readonly limits?: Partial<PipelineLimits>;
  /** Budgets beside those in the bundles' data. */
  readonly budgets?: readonly BudgetDefinition[];
  readonly environment?: Pick<Environment, 'region' | 'is_production'>;
  /** Tools that are known or pinned; by default nothing is said of any. */
  readonly catalogue?: ToolCatalogue;
  readonly clock?: Clock;
  /** Paths of what is recorded (`/input/action/args/password`, `/result/…`) that are left out of it. */
  readonly maskedPaths?: readonly string[];
  /** People who may be asked to approve. */
  readonly approvers?: readonly Approver[];
  /** Signs receipts for decisions whose entries get their places later: in a cluster. */
  readonly receipts?: SignReceipt;
  /** Names of the channels by which people are asked. */
  readonly channels?: readonly string[];
}

const IN_PROCESS: CallerIdentity = { pointId: 'in-process', mayAssert: {}, mode: 'enforce' };
const SEED_BYTES = 32;

/**
 * The decision point: one pipeline for every enforcement point. `as(caller)` is what the holder of another credential
 * gets. Every method resolves to an answer; faults deny with a code.
 */
export function createDecisionPoint(options: DecisionPointOptions): DecisionService {
  const randomBytes = createRandomPool();
  const { receipts } = options;
  const clock = clamped(options.clock ?? { nowMs: () => Date.now() });
  const core: Core = {
    source: options.policies,
    factsOf: rememberPolicyFacts(options.budgets ?? []),
    store: options.store,
    clock,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    environment: options.environment ?? {},
    trust: options.trust ?? 'cooperative',
    catalogue: options.catalogue ?? (() => undefined),
    maskedPaths: options.maskedPaths ?? [],
    queue: new KeyedQueue(),
    memory: new StateMemory(),
    randomBytes,
    salts: randomSalts(),
    saltSeed: () => Buffer.from(randomBytes(SEED_BYTES)).toString('base64url'),
    ...(receipts === undefined ? {} : { receipt: receipts }),
    approvers: new Map((options.approvers ?? []).map((approver) => [approver.id, approver])),
    channels: options.channels ?? [],
    pending: new PendingIndex(options.store, clock.nowMs),
    moves: new EventEmitter().setMaxListeners(0),
    background: new Set(),
    meters: new Meters(),
  };
  return {
    ...pointFor(core, options.caller ?? IN_PROCESS),
    as: (caller) => pointFor(core, caller),
    administration: createAdministration(core),
  };
}

/** Time that never steps back within this process: what has expired stays expired. */
function clamped(clock: Clock): ClampedClock {
  let latestMs = 0;
  const nowMs = (): number => {
    latestMs = Math.max(latestMs, clock.nowMs());
    return latestMs;
  };
  return { nowMs, steppedBackMs: () => Math.max(0, latestMs - clock.nowMs()) };
}

function pointFor(core: Core, caller: CallerIdentity): PointHandle {
  return {
    decide: (call) => core.meters.counted(decide(core, caller, call)),
    decideClaimed: (call, claimed) =>
      core.meters.counted(decide(core, caller, call, claimed === undefined ? {} : { claimed })),
    complete: (call) => complete(core, caller, call),
    list: (call) => list(core, caller, call),
    report: (call) => report(core, caller, call),
    approval: approvalFor(core, caller),
    explain: (call: DecideCall) => explain(core, caller, call),
    denials: denialBindings(core, caller),
    search: (question) => search(core, caller, question),
    decideRaw: (question: RawQuestion) => decideRaw(core, caller, question),
    close: async () => {
      await Promise.allSettled(core.background);
    },
  };
}
