import type { Store, Transaction } from '@writ/store';
import { readCell, readerOf, type Versioned } from './cell.ts';
import { SHARDS, shardPrefix } from './cell-key.ts';
import { IDEMPOTENCY_MS } from './idempotency.ts';
import { NAMED_SESSION_IDLE_MS } from './session.ts';

/** What a cell of one of these kinds may hold that tells when it means nothing any more. */
interface Expiring extends Versioned {
  readonly expires_ms?: number;
  readonly last_ms?: number;
  readonly opened_ms?: number;
}

/** Kinds of cells that expire, and when. */
export const SWEPT_KINDS = ['session', 'idem', 'counter', 'decision'] as const;
export type SweptKind = (typeof SWEPT_KINDS)[number];

const EXPIRY_MS: Readonly<Record<SweptKind, (cell: Expiring) => number | undefined>> = {
  session: ({ last_ms }) => (last_ms === undefined ? undefined : last_ms + NAMED_SESSION_IDLE_MS),
  idem: ({ expires_ms }) => expires_ms,
  counter: ({ expires_ms }) => expires_ms,
  // A completion may be repeated as long as its decision may.
  decision: ({ opened_ms }) => (opened_ms === undefined ? undefined : opened_ms + IDEMPOTENCY_MS),
};

/** Cells read, and removed, at a time. */
export const SWEEP_PAGE = 500;
/** Pages of open decisions in one step: they are in order of time, so the expired ones come first. */
const DECISION_PAGES = 20;

export interface SweepRequest {
  readonly cells: readonly string[];
}

/** Removes those of the named cells that have expired by the transaction's time; gives how many. */
export function sweepCells(transaction: Transaction, cells: readonly string[]): number {
  const read = readerOf(transaction);
  const expired = cells.filter((key) => hasExpired(key, readCell<Expiring>(read, key), transaction.nowMs));
  for (const key of expired) transaction.remove(key);
  return expired.length;
}

function hasExpired(key: string, cell: Expiring | undefined, nowMs: number): boolean {
  const kind = SWEPT_KINDS.find((each) => key.startsWith(`${each}/`));
  const expiry = kind === undefined || cell === undefined ? undefined : EXPIRY_MS[kind](cell);
  return expiry !== undefined && nowMs > expiry;
}

/** The store's part that sweeping needs; `state.sweep` of `STATE_PROCEDURES` must be loaded. */
export type SweptStore = Pick<Store, 'scan' | 'call'>;

/**
 * One step of sweeping: the open decisions, and of the other kinds the cells of shard `shard` (0 to 255). Gives how
 * many cells were removed. Scanning only suggests; what has expired is decided in the transaction.
 */
export async function sweepStep(store: SweptStore, shard: number, nowMs: number): Promise<number> {
  let removed = 0;
  for (const kind of ['session', 'idem', 'counter'] as const) {
    removed += (await sweepPage(store, shardPrefix(kind, shard), SWEEP_PAGE * DECISION_PAGES, nowMs)).removed;
  }
  for (let page = 0; page < DECISION_PAGES; page++) {
    const swept = await sweepPage(store, 'decision/', SWEEP_PAGE, nowMs);
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
  const expired = found
    .filter(([key, text]) =>
      hasExpired(
        key,
        readCell<Expiring>(() => text, key),
        nowMs,
      ),
    )
    .map(([key]) => key);
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
