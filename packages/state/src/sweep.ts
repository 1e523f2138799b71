import { type Store, scanPages, type Transaction } from '@writ/store';
import { readerOf } from './cell.ts';
import { SHARDS, shardPrefix } from './cell-key.ts';
import { hasExpired, SWEPT } from './swept-kinds.ts';

/** Cells read, and removed, at a time. */
export const SWEEP_PAGE = 500;
/** Pages of one kind that one step looks at on its way round. */
const ROUND_PAGES = 20;

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

/** The store's part that sweeping needs; `state.sweep` of `STATE_PROCEDURES` must be loaded. */
export type SweptStore = Pick<Store, 'scan' | 'call'>;

/** How far the way round each kind has come: the last key looked at, by prefix. */
export type SweepPlaces = Map<string, string>;

/**
 * One step of sweeping: of kinds that lie in shards all of shard `shard` (0 to 255), of the others what lies first and a
 * piece of the rest, which goes round from step to step. Gives how many cells were removed. Scanning only suggests; what
 * has expired is decided in the transaction.
 */
export async function sweepStep(
  store: SweptStore,
  shard: number,
  nowMs: number,
  places: SweepPlaces = new Map(),
): Promise<number> {
  let removed = 0;
  for (const [kind, { layout }] of Object.entries(SWEPT)) {
    if (layout === 'shards') {
      for await (const page of scanPages(store, shardPrefix(kind, shard), { size: SWEEP_PAGE }))
        removed += await sweepPage(store, page, nowMs);
      continue;
    }
    if (layout === 'time') removed += await sweepOldest(store, `${kind}/`, nowMs);
    removed += await sweepOnward(store, `${kind}/`, nowMs, places);
  }
  return removed;
}

/** Page by page from the first key on, as long as all of a page goes. */
async function sweepOldest(store: SweptStore, prefix: string, nowMs: number): Promise<number> {
  let removed = 0;
  for await (const page of scanPages(store, prefix, { size: SWEEP_PAGE })) {
    const gone = await sweepPage(store, page, nowMs);
    removed += gone;
    if (gone < page.length) break;
  }
  return removed;
}

/** The next pages from where the last step ended: what outlives the ones before it hides nothing for good. */
async function sweepOnward(
  store: SweptStore,
  prefix: string,
  nowMs: number,
  places: SweepPlaces,
): Promise<number> {
  const place = places.get(prefix);
  places.delete(prefix);
  let removed = 0;
  let pages = 0;
  const from = place === undefined ? {} : { after: place };
  for await (const page of scanPages(store, prefix, { size: SWEEP_PAGE, ...from })) {
    removed += await sweepPage(store, page, nowMs);
    pages += 1;
    if (pages < ROUND_PAGES) continue;
    places.set(prefix, page.at(-1)?.[0] as string);
    break;
  }
  return removed;
}

async function sweepPage(
  store: SweptStore,
  page: readonly (readonly [key: string, text: string])[],
  nowMs: number,
): Promise<number> {
  const cells = page.filter(([key, text]) => hasExpired(key, text, nowMs)).map(([key]) => key);
  if (cells.length === 0) return 0;
  return store.call<SweepRequest, number>('state.sweep', { cells }, { idempotent: true });
}

/** Time between two steps; all shards are visited in about four hours. */
export const SWEEP_INTERVAL_MS = 60_000;

/** Sweeps until it is closed; `onFault` is told what failed, and the next step goes on. */
export function startSweeper(
  store: SweptStore,
  options: { readonly intervalMs?: number; readonly onFault?: (fault: unknown) => void } = {},
): { readonly close: () => Promise<void> } {
  const { intervalMs = SWEEP_INTERVAL_MS, onFault = () => {} } = options;
  const places: SweepPlaces = new Map();
  let shard = 0;
  let running: Promise<unknown> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = sweepStep(store, shard, Date.now(), places)
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
