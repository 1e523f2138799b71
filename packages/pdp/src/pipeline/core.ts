import type { EventEmitter } from 'node:events';
import type { Environment, RandomBytes } from '@writ/decision';
import type { SaltSource, Trust } from '@writ/ledger';
import type { Store } from '@writ/store';
import type { PolicySet } from '../layers/policy-set.ts';
import type { PolicySource } from '../layers/policy-source.ts';
import type { Approver } from './approver.ts';
import type { KeyedQueue } from './keyed-queue.ts';
import type { Meters } from './meters.ts';
import type { PendingIndex } from './pending-index.ts';
import type { PolicyFacts } from './policy-facts.ts';
import type { StateMemory } from './state-memory.ts';

/** Time as the pipeline takes it; the transaction has the store's own. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
}

/** Time that never steps back within this process. */
export interface ClampedClock extends Clock {
  /** By how much the system's clock stands behind what it showed before, ms. */
  steppedBackMs(): number;
}

/** Named limits of the pipeline. */
export interface PipelineLimits {
  /** Longest time for one decision, evaluation and commit together, ms. Default 2,000. */
  readonly decisionMs: number;
  /** How long an approval waits for a person, ms. Default 1 hour. */
  readonly approvalMs: number;
  /** How long the call may be made once it is approved, ms. Default 15 minutes. */
  readonly overrideMs: number;
  /** How long a proof of identity counts after it was given, ms. Default 15 minutes. */
  readonly stepUpMs: number;
}

export const DEFAULT_LIMITS: PipelineLimits = Object.freeze({
  decisionMs: 2_000,
  approvalMs: 60 * 60_000,
  overrideMs: 15 * 60_000,
  stepUpMs: 15 * 60_000,
});

/** What is known of a tool: undefined where this catalogue does not speak for the server. */
export type ToolCatalogue = (
  server: string | undefined,
  tool: string,
) => { readonly known: boolean; readonly digest?: string } | undefined;

/** What every step of the pipeline shares. */
export interface Core {
  readonly source: PolicySource;
  readonly factsOf: (set: PolicySet) => PolicyFacts;
  readonly store: Store;
  readonly clock: ClampedClock;
  readonly limits: PipelineLimits;
  readonly environment: Pick<Environment, 'region' | 'is_production'>;
  readonly trust: Trust;
  readonly catalogue: ToolCatalogue;
  /** Paths of events (`/input/…`, `/result/…`) that never get into the record. */
  readonly maskedPaths: readonly string[];
  readonly queue: KeyedQueue;
  readonly memory: StateMemory;
  readonly randomBytes: RandomBytes;
  readonly salts: SaltSource;
  /** Fresh random text that salts derive from inside a transaction. */
  readonly saltSeed: () => string;
  /** Signs a receipt for an entry that has no place in the log yet; absent where entries have theirs at once. */
  readonly receipt?: (decisionId: string, leafHash: string) => Promise<string>;
  /** Those who may be asked, by id; a person that only a credential names is none of them. */
  readonly approvers: ReadonlyMap<string, Approver>;
  /** Channels by which people are asked; what callers are told as `approver_channel`. */
  readonly channels: readonly string[];
  /** What waits for people. */
  readonly pending: PendingIndex;
  /** Names of approvals that this process moved. */
  readonly moves: EventEmitter;
  /** Work whose answer nobody waits for, such as queued results; `close` waits for it. */
  readonly background: Set<Promise<unknown>>;
  /** What was decided since the process started, counted. */
  readonly meters: Meters;
}
