import type { StoredEntry, Transaction } from '@writ/store';
import { type BuiltEntry, buildEntry, type EntryDraft, finishEntry, openDraft } from './build-entry.ts';
import { EDGE_CELL, tileCell } from './cells.ts';
import type { EntryCore, Trust } from './entry.ts';
import type { Sealed } from './seal.ts';
import { EDGE_CELLS, edgeChanges, latestSlot, readEdge } from './stored-edge.ts';
import { appendToEdge, type TreeEdge, tilesFilled } from './tree-edge.ts';
import { leafHash } from './tree-hash.ts';

/** Appends a built entry inside another procedure's transaction; gives its index. Touches no cell. */
export function appendEntry(transaction: Transaction, entry: BuiltEntry): number {
  return transaction.append(entry.leaf, entry.detail);
}

/** Builds an entry with the transaction's own time, says if the clock stepped back, and appends it; tells its leaf. */
export function recordEntry(
  transaction: Transaction,
  core: EntryCore,
  sealed: Sealed,
  trust: Trust,
  told: (leaf: Uint8Array) => void = () => {},
): number {
  const steppedBack = transaction.clockSteppedBackMs;
  const whole = steppedBack === undefined ? core : { ...core, clock_stepped_back_ms: steppedBack };
  const built = buildEntry(whole, sealed, { timeMs: transaction.nowMs, trust });
  told(built.leaf);
  return appendEntry(transaction, built);
}

/** The same for an entry that was put together before the transaction, and stands as it was. */
export function recordDraft(
  transaction: Transaction,
  draft: EntryDraft,
  trust: Trust,
  told: (leaf: Uint8Array) => void = () => {},
): number {
  if (transaction.clockSteppedBackMs !== undefined) {
    const { core, sealed } = openDraft(draft);
    return recordEntry(transaction, core, sealed, trust, told);
  }
  const built = finishEntry(draft, { timeMs: transaction.nowMs, trust });
  told(built.leaf);
  return appendEntry(transaction, built);
}

/**
 * The ledger's part of a batch, to be given as `afterBatch` by every procedure that appends (one function, so it runs
 * once): hashes what the batch appended into the tree. Throws when tree and log have come apart, which undoes the
 * batch.
 */
export function closeLedger(transaction: Transaction, entries: readonly StoredEntry[]): void {
  const first = entries[0];
  if (first === undefined) return;
  const read = (cell: string) => transaction.get(cell);
  const before = remembered(read, first.index) ?? readEdge(read);
  if (before === undefined || before.size !== first.index) {
    throw new Error(`the tree has ${before?.size ?? 'an unreadable edge'}, the log ${first.index} entries`);
  }
  const { edge, tiles } = appendToEdge(
    before,
    entries.map((entry) => leafHash(entry.leaf)),
  );
  for (const tile of tiles) {
    transaction.put(tileCell(tile.level, tile.index), Buffer.from(tile.hashes).toString('base64'));
  }
  for (const [cell, text] of edgeChanges(before, edge)) transaction.put(cell, text);
  latest = { edge, text: read(EDGE_CELL), slot: latestSlot(edge) };
}

/** The edge that was written last: mostly the one that the next batch starts from. */
let latest:
  | {
      readonly edge: TreeEdge;
      readonly text: string | undefined;
      readonly slot: readonly [cell: string, text: string] | undefined;
    }
  | undefined;

/** The edge in memory, where the cells that it was written to last still hold it. */
function remembered(read: (cell: string) => string | undefined, size: number): TreeEdge | undefined {
  if (latest === undefined || latest.edge.size !== size || latest.text !== read(EDGE_CELL)) return undefined;
  return latest.slot === undefined || read(latest.slot[0]) === latest.slot[1] ? latest.edge : undefined;
}

/** The cells that `closeLedger` touches, to be given as `batchKeys`. */
export function ledgerBatchKeys(entries: readonly StoredEntry[]): readonly string[] {
  const first = entries[0];
  if (first === undefined) return [];
  const filled = tilesFilled(first.index, first.index + entries.length);
  return [...EDGE_CELLS, ...filled.map(([level, index]) => tileCell(level, index))];
}
