import { closeBatch, type Procedures } from '../batch.ts';
import type { StoredEntry } from '../contract.ts';
import { BatchState } from '../transaction.ts';
import type { PostgresConnection, Statement } from './connection.ts';
import { commit } from './node.ts';
import { cellsIn, detailIn, keysText, leafIn, pairsText, placedEntriesText, type Row } from './rows.ts';
import {
  APPEND_LOG,
  BEGIN_ROUND,
  DROP_PENDING,
  LOG_SIZE,
  PUT_CELLS,
  READ_CELLS,
  REMOVE_CELLS,
  SET_LOG,
  TAKE_PENDING,
  TRY_LEAD,
} from './statements.ts';

/** Entries that one transaction gives their place at most. */
const ENTRIES_MAX = 2_000;

/** What one round did: whether this node leads, and whether more entries wait than it took. */
export interface Round {
  readonly leads: boolean;
  readonly more: boolean;
}

/**
 * Gives committed entries their places in the one log of the cluster and closes the tree over them, in one transaction.
 * The connection holds the advisory lock of the leader as long as it lives, so that no other node's transaction runs
 * beside this one: a leader that dies, stops or is cut off loses lock and transaction together, and the next one takes
 * the same entries. To be given a connection of its own.
 */
export async function sequence(
  connection: PostgresConnection,
  hooks: Procedures['hooks'],
  leads: boolean,
): Promise<Round> {
  if (!leads) {
    const [lock] = await connection.run([TRY_LEAD]);
    if (lock?.rows[0]?.['leads'] !== true) return { leads: false, more: false };
  }
  try {
    const [, sizes, taken] = await connection.run(
      [BEGIN_ROUND],
      [LOG_SIZE],
      [TAKE_PENDING, String(ENTRIES_MAX)],
    );
    const rows = taken?.rows ?? [];
    const first = Number(sizes?.rows[0]?.['value']);
    await commit(connection, rows.length === 0 ? [] : await placing(connection, hooks, rows, first));
    return { leads: true, more: rows.length === ENTRIES_MAX };
  } catch (cause) {
    await connection.run(['rollback']);
    throw cause;
  }
}

/** What writes these entries to their places, the first at `first`. */
async function placing(
  connection: PostgresConnection,
  hooks: Procedures['hooks'],
  rows: readonly Row[],
  first: number,
): Promise<readonly Statement[]> {
  const entries = rows.map(
    (row, offset): StoredEntry => ({ index: first + offset, leaf: leafIn(row), detail: detailIn(row) }),
  );
  const timeMs = Math.max(...rows.map((row) => Number(row['pending_ms'])));
  return [
    ...(await closing(connection, hooks, entries, timeMs)),
    [APPEND_LOG, placedEntriesText(entries)],
    [DROP_PENDING, JSON.stringify(rows.map((row) => String(row['pending_id'])))],
    [SET_LOG, String(first + entries.length), String(timeMs)],
  ];
}

/** What the closing hooks write for these entries. */
async function closing(
  connection: PostgresConnection,
  hooks: Procedures['hooks'],
  entries: readonly StoredEntry[],
  timeMs: number,
): Promise<readonly Statement[]> {
  const keys = hooks.flatMap(({ batchKeys = [] }) =>
    typeof batchKeys === 'function' ? batchKeys(entries) : batchKeys,
  );
  const [read] = await connection.run([READ_CELLS, keysText([...new Set(keys)])]);
  const cells = cellsIn(read?.rows ?? []);
  const size = (entries.at(-1)?.index ?? -1) + 1;
  const state = new BatchState((key) => cells.get(key), size, timeMs, 0);
  for (const hook of hooks) closeBatch(state, hook, entries);
  const changes = [...state.changes()];
  const puts = changes.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  const removes = changes.filter(([, value]) => value === undefined).map(([key]) => key);
  return [
    ...(puts.length === 0 ? [] : [[PUT_CELLS, pairsText(puts)] as const]),
    ...(removes.length === 0 ? [] : [[REMOVE_CELLS, keysText(removes)] as const]),
  ];
}
