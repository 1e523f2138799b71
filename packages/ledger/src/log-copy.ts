import { rmSync } from 'node:fs';
import { copyPostgresLog, type StoredEntry, StoreError } from '@writ/store';
import { LATEST_CELLS_PREFIX } from './cells.ts';
import { readLeaf } from './read-entry.ts';

/**
 * Brings a copy of a log in PostgreSQL up to date, for an index and for queries, which need no tiles: what was added, and
 * what was erased from earlier entries. A copy that is not of this log is made anew. Gives the log's size; rejects with `StoreError`.
 */
export async function updateLogCopy(postgres: string, directory: string): Promise<number> {
  const options = { postgres, directory, prefix: LATEST_CELLS_PREFIX, replacedBy: erasedBy };
  try {
    return (await copyPostgresLog(options)).size;
  } catch (cause) {
    if (!(cause instanceof StoreError) || cause.code !== 'store_corrupt') throw cause;
    rmSync(directory, { recursive: true, force: true });
    return (await copyPostgresLog(options)).size;
  }
}

/** The entries that one says were erased from. */
function erasedBy(entry: StoredEntry): readonly number[] {
  // Most entries erase nothing, which their text shows.
  if (!Buffer.from(entry.leaf.buffer, entry.leaf.byteOffset, entry.leaf.byteLength).includes('"erases"'))
    return [];
  const leaf = readLeaf(entry.leaf);
  return leaf.ok ? (leaf.value.core.erases ?? []).map(({ index }) => index) : [];
}
