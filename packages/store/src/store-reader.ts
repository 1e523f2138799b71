import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { StoredEntry } from './contract.ts';
import { ENTRIES, entriesOf, logSizeOf, refuseNewerSchema } from './database.ts';
import { STORE_FILE_NAME } from './files.ts';
import { CELLS, type CellChanges, mergedCells, readJournal } from './journal.ts';
import { StoreError, storeErrorFrom } from './store-error.ts';

/**
 * Reads the files of a data directory without owning them: beside a running owner, or in a copy. Synchronous; for
 * verifying and exporting, never for deciding. All methods throw `StoreError` (`store_corrupt`, `store_io`).
 */
export interface StoreReader {
  /** Entries `from` (inclusive) to `to` (exclusive), in order; read as they are asked for. */
  entries(from: number, to: number): Iterable<StoredEntry>;
  logSize(): number;
  read(key: string): string | undefined;
  /** Cells whose key starts with `prefix`, in key order. */
  scan(prefix: string): Iterable<readonly [key: string, value: string]>;
  close(): void;
}

/**
 * Opens `directory` for reading. All reads see one state: the one of the moment of opening. Throws `StoreError`:
 * `store_io` where there are no files, `store_schema_newer`, `store_corrupt`.
 */
export function openStoreReader(directory: string): StoreReader {
  const path = join(directory, STORE_FILE_NAME);
  if (!existsSync(path))
    throw new StoreError('store_io', `there is no \`${STORE_FILE_NAME}\` in \`${directory}\``);
  return coerced(() => {
    const sqlite = openForReading(path);
    try {
      return readerOver(sqlite);
    } catch (cause) {
      sqlite.close();
      throw cause;
    }
  });
}

function readerOver(sqlite: DatabaseSync): StoreReader {
  sqlite.exec('begin');
  refuseNewerSchema(sqlite);
  const entries = sqlite.prepare(ENTRIES);
  const cells = sqlite.prepare(CELLS);
  const last = sqlite.prepare('select max(idx) as last from log');
  const value = sqlite.prepare('select value from cells where key = ?');
  // Whoever reads entries alone needs no cells; the snapshot is of when the reader was opened either way.
  let journal: CellChanges | undefined;
  const changes = (): CellChanges => {
    journal ??= readJournal(sqlite).changes;
    return journal;
  };
  function* scanned(prefix: string): Generator<readonly [key: string, value: string]> {
    yield* mergedCells(cells, prefix, [changes()]);
  }
  return {
    entries: (from, to) => coercedEach(entriesOf(entries, from, to)),
    logSize: () => coerced(() => logSizeOf(last)),
    read: (key) =>
      coerced(() => {
        if (changes().has(key)) return changes().get(key);
        const row = value.get(key);
        return row === undefined ? undefined : String(row['value']);
      }),
    scan: (prefix) => coercedEach(scanned(prefix)),
    close: () => sqlite.close(),
  };
}

/**
 * A write-ahead log needs a shared-memory file beside it even to be read. Where that cannot be made (a read-only copy)
 * and the log is empty, the database alone is the whole state and is read as a file that nobody changes.
 */
function openForReading(path: string): DatabaseSync {
  try {
    const sqlite = new DatabaseSync(path, { readOnly: true });
    sqlite.prepare('select count(*) from sqlite_schema').get();
    return sqlite;
  } catch (cause) {
    if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) throw cause;
    const sqlite = new DatabaseSync(new URL(`${pathToFileURL(path).href}?immutable=1`), { readOnly: true });
    sqlite.prepare('select count(*) from sqlite_schema').get();
    return sqlite;
  }
}

function coerced<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    throw storeErrorFrom(cause);
  }
}

function* coercedEach<Item>(items: Iterable<Item>): Generator<Item> {
  try {
    yield* items;
  } catch (cause) {
    throw storeErrorFrom(cause);
  }
}
