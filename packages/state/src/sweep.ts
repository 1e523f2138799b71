import type { Store, Transaction } from '@writ/store';
import { APPROVAL_KEEP_MS, PENDING_PREFIX, readPending } from './approval.ts';
import { readCell, readerOf, type Versioned } from './cell.ts';
import { SHARDS, shardPrefix } from './cell-key.ts';
import { IDEMPOTENCY_MS } from './idempotency.ts';
import { NAMED_SESSION_IDLE_MS } from './session.ts';
import { readStanding } from './standing.ts';

/** What a cell of one of these kinds may hold that tells when it means nothing any more. */
interface Expiring extends Versioned {
  readonly expires_ms?: number;
  readonly last_ms?: number;
  readonly opened_ms?: number;
  readonly kept_ms?: number;
}

/** Kinds of cells that expire, and when. */
export const SWEPT_KINDS = [
  'session',
  'idem',
  'counter',
  'rate',
  'decision',
  'approval',
  'approval-pending',
  'approval-for',
  'approval-group',
  'channel-memo',
  'standing',
  'step-up',
  'step-up-proof',
] as const;
export type SweptKind = (typeof SWEPT_KINDS)[number];

/** How long what expired stays in the list, so that its end is told before it goes. */
export const PENDING_KEEP_MS = 10 * 60_000;

/** When a cell's text means nothing any more; undefined where that is not known, and then it stays. */
const EXPIRY_MS: Readonly<Record<SweptKind, (text: string, key: string) => number | undefined>> = {
  session: (text, key) => after(read(text, key).last_ms, NAMED_SESSION_IDLE_MS),
  idem: (text, key) => read(text, key).expires_ms,
  counter: (text, key) => read(text, key).expires_ms,
  rate: (text, key) => read(text, key).expires_ms,
  // A completion may be repeated as long as its decision may.
  decision: (text, key) => after(read(text, key).opened_ms, IDEMPOTENCY_MS),
  approval: (text, key) => after(read(text, key).expires_ms, APPROVAL_KEEP_MS),
  'approval-pending': (text) => after(pendingExpiry(text), PENDING_KEEP_MS),
  'channel-memo': (text, key) => after(read(text, key).kept_ms, APPROVAL_KEEP_MS),
  'step-up': (text, key) => read(text, key).expires_ms,
  'step-up-proof': (text, key) => read(text, key).expires_ms,
  standing: (text, key) => after(standingEnd(text, key), APPROVAL_KEEP_MS),
  'approval-group': (text) => after(createdMs(text), APPROVAL_KEEP_MS),
  'approval-for': (text) => after(createdMs(text), APPROVAL_KEEP_MS),
};

function read(text: string, key: string): Expiring {
  return readCell<Expiring>(() => text, key) ?? { v: 1 };
}

function standingEnd(text: string, key: string): number | undefined {
  const state = readStanding(() => text, key);
  return state === undefined ? undefined : Date.parse(state.grant.expires_at);
}

function after(startMs: number | undefined, keptMs: number): number | undefined {
  return startMs === undefined ? undefined : startMs + keptMs;
}

/** When a pending approval ends: in its summary, or the whole text of a cell that an earlier version wrote. */
function pendingExpiry(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : readPending(text)?.expires_ms;
}

/** The time in an approval's id (a UUID of version 7). */
function createdMs(id: string): number | undefined {
  const [, high, low] = /^apr-([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(id) ?? [];
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16);
}

/** Cells read, and removed, at a time. */
export const SWEEP_PAGE = 500;
/** Pages of one kind in one step. */
const PAGES_MAX = 20;
/** Prefixes of cells whose keys are in order of time, so that the expired ones come first. */
const ORDERED = ['decision/', PENDING_PREFIX, 'approval/', 'channel-memo/'] as const;
const SHARDED = [
  'session',
  'idem',
  'counter',
  'approval-for',
  'approval-group',
  'step-up',
  'step-up-proof',
] as const;

export interface SweepRequest {
  readonly cells: readonly string[];
}

/** Removes those of the named cells that have expired by the transaction's time; gives how many. */
export function sweepCells(transaction: Transaction, cells: readonly string[]): number {
  const cell = readerOf(transaction);
  const expired = cells.filter((key) => hasExpired(key, cell(key), transaction.nowMs));
  for (const key of expired) transaction.remove(key);
  return expired.length;
}

function hasExpired(key: string, text: string | undefined, nowMs: number): boolean {
  const kind = SWEPT_KINDS.find((each) => key.startsWith(`${each}/`));
  const expiry = kind === undefined || text === undefined ? undefined : EXPIRY_MS[kind](text, key);
  return expiry !== undefined && nowMs > expiry;
}

/** The store's part that sweeping needs; `state.sweep` of `STATE_PROCEDURES` must be loaded. */
export type SweptStore = Pick<Store, 'scan' | 'call'>;

/**
 * One step of sweeping: open decisions and approvals, and of the other kinds the cells of shard `shard` (0 to 255). Gives how
 * many cells were removed. Scanning only suggests; what has expired is decided in the transaction.
 */
export async function sweepStep(store: SweptStore, shard: number, nowMs: number): Promise<number> {
  let removed = 0;
  for (const kind of SHARDED) {
    removed += (await sweepPage(store, shardPrefix(kind, shard), SWEEP_PAGE * PAGES_MAX, nowMs)).removed;
  }
  for (const prefix of ORDERED) removed += await sweepOrdered(store, prefix, nowMs);
  removed += (await sweepPage(store, 'standing/', SWEEP_PAGE * PAGES_MAX, nowMs)).removed;
  return removed;
}

async function sweepOrdered(store: SweptStore, prefix: string, nowMs: number): Promise<number> {
  let removed = 0;
  for (let page = 0; page < PAGES_MAX; page++) {
    const swept = await sweepPage(store, prefix, SWEEP_PAGE, nowMs);
    removed += swept.removed;
    if (swept.removed < SWEEP_PAGE) break;
  }
  return removed;
}

async function sweepPage(
  store: SweptStore,
  prefix: string,
  limit: number,
  nowMs: number,
): Promise<{ readonly removed: number }> {
  const found = await store.scan(prefix, limit);
  const expired = found.filter(([key, text]) => hasExpired(key, text, nowMs)).map(([key]) => key);
  let removed = 0;
  for (let start = 0; start < expired.length; start += SWEEP_PAGE) {
    const cells = expired.slice(start, start + SWEEP_PAGE);
    removed += await store.call<SweepRequest, number>('state.sweep', { cells }, { idempotent: true });
  }
  return { removed };
}

/** Time between two steps; all shards are visited in about four hours. */
export const SWEEP_INTERVAL_MS = 60_000;

/** Sweeps until it is closed; `onFault` is told what failed, and the next step goes on. */
export function startSweeper(
  store: SweptStore,
  options: { readonly intervalMs?: number; readonly onFault?: (fault: unknown) => void } = {},
): { readonly close: () => Promise<void> } {
  const { intervalMs = SWEEP_INTERVAL_MS, onFault = () => {} } = options;
  let shard = 0;
  let running: Promise<unknown> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = sweepStep(store, shard, Date.now())
      .catch(onFault)
      .finally(() => {
        busy = false;
      });
    shard = (shard + 1) % SHARDS;
  }, intervalMs);
  timer.unref();
  return {
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
