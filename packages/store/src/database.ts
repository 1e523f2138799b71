import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { CellCache } from './cell-cache.ts';
import type { StoredEntry, StoreRecovery } from './contract.ts';
import { migrationsFrom, SCHEMA_VERSION, STORE_FILE_NAME } from './files.ts';
import { Journal, readJournal } from './journal.ts';
import { CACHE_KIBIBYTES, CHECK_BYTES_MAX, CHECKPOINT_BYTES, PAGE_BYTES } from './limits.ts';
import { StoreError } from './store-error.ts';

/** The owner's connection: the only one that writes. All of it is synchronous and belongs to the worker. */
export interface Database {
  readonly recovery: StoreRecovery;
  /** Begins the write transaction and gives what the batch starts from; throws when another owner has taken over. */
  begin(): { readonly logSize: number; readonly clockMs: number };
  /** A cell as committed, from the files. */
  value(key: string): string | undefined;
  /** The same within a transaction, from memory where it is remembered: `begin` has shown that nobody else writes. */
  cell(key: string): string | undefined;
  put(key: string, value: string): void;
  remove(key: string): void;
  append(entry: StoredEntry): void;
  replaceDetail(index: number, detail: string | null): void;
  setClock(nowMs: number): void;
  commit(): void;
  /** Leaves the transaction if there still is one: SQLite ends some by itself. */
  rollback(): void;
  logSize(): number;
  entries(from: number, to: number): Iterable<StoredEntry>;
  cells(prefix: string, after?: string): Iterable<readonly [key: string, value: string]>;
  /** Empties the write-ahead log into the database and notes that the end was clean. */
  close(): void;
}

/**
 * Opens or creates the files in `directory`, repairs what a crash left, and becomes the owner of this epoch.
 * Throws `store_corrupt`, `store_schema_newer`, or what SQLite reports.
 */
export function openDatabase(directory: string, sizeBytesMax: number): Database {
  const path = join(directory, STORE_FILE_NAME);
  const walBytes = sizeOf(`${path}-wal`);
  const sqlite = new DatabaseSync(path);
  try {
    configure(sqlite, sizeBytesMax);
    const recovered = recoveredFrames(sqlite);
    refuseNewerSchema(sqlite);
    const unclean = meta(sqlite, 'open') === 1;
    const check = unclean ? checkStructure(sqlite, path) : 'skipped';
    sqlite.exec('begin immediate');
    for (const migration of migrationsFrom(meta(sqlite, 'schema') ?? 0)) sqlite.exec(migration);
    setMeta(sqlite, 'schema', SCHEMA_VERSION);
    setMeta(sqlite, 'open', 1);
    const epoch = (meta(sqlite, 'epoch') ?? 0) + 1;
    setMeta(sqlite, 'epoch', epoch);
    sqlite.exec('commit');
    const frames = framesIn(walBytes, pageSize(sqlite));
    const recovery: StoreRecovery = {
      unclean,
      framesRecovered: recovered,
      framesIgnored: Math.max(0, frames - recovered),
      check,
      logSize: sizeOfLog(sqlite),
    };
    return databaseOver(sqlite, recovery, epoch);
  } catch (cause) {
    sqlite.close();
    throw cause;
  }
}

function configure(sqlite: DatabaseSync, sizeBytesMax: number): void {
  sqlite.exec('pragma busy_timeout = 2000');
  // Only for files that are made now.
  sqlite.exec(`pragma page_size = ${PAGE_BYTES}`);
  sqlite.exec('pragma journal_mode = wal');
  // The default in WAL mode loses acknowledged commits at a power cut; FULL syncs the log before commit returns.
  sqlite.exec('pragma synchronous = full');
  requirePragma(sqlite, 'journal_mode', 'wal');
  requirePragma(sqlite, 'synchronous', 2);
  sqlite.exec('pragma fullfsync = on');
  // Each move of the log into the database syncs both; every thousand pages would be every few thousand decisions.
  const checkpointPages = Math.floor(CHECKPOINT_BYTES / pageSize(sqlite));
  sqlite.exec(`pragma wal_autocheckpoint = ${checkpointPages}`);
  sqlite.exec(`pragma cache_size = -${CACHE_KIBIBYTES}`);
  // A reader's snapshot can make the write-ahead log grow; afterwards it shrinks to this again.
  sqlite.exec('pragma journal_size_limit = 67108864');
  sqlite.exec('pragma trusted_schema = off');
  // Pages of the journal that are let go are taken again soon; writing zeros over them would double what it costs.
  sqlite.exec('pragma secure_delete = fast');
  sqlite.exec(`pragma max_page_count = ${Math.max(1, Math.floor(sizeBytesMax / pageSize(sqlite)))}`);
}

/** SQLite ignores what it cannot set (WAL needs shared memory, for one); durability is not to be lost silently. */
function requirePragma(sqlite: DatabaseSync, name: string, value: string | number): void {
  const found = sqlite.prepare(`pragma ${name}`).get()?.[name];
  if (found !== value) throw new StoreError('store_io', `SQLite's ${name} is ${String(found)}, not ${value}`);
}

function databaseOver(sqlite: DatabaseSync, recovery: StoreRecovery, epoch: number): Database {
  const statements = prepare(sqlite);
  const cache = new CellCache();
  const journal = new Journal(sqlite);
  const stored = (key: string): string | undefined => journal.stored(key);
  const remembered = (key: string): string | undefined => cache.value(key, stored);
  // Kept in memory: the epoch shows in every transaction that nobody else has written since.
  let committed = {
    logSize: recovery.logSize,
    clockMs: Math.max(metaOf(statements.meta, 'clock_ms') ?? 0, readJournal(sqlite).clockMs),
  };
  let pending = committed;
  let erased = false;
  const begin = (): void => {
    statements.begin.run();
    if (metaOf(statements.meta, 'epoch') === epoch) return;
    throw new StoreError('store_owner_lost', 'another process has become the owner of this directory');
  };
  const rollback = (): void => {
    journal.rolledBack();
    pending = committed;
    if (sqlite.isTransaction) sqlite.exec('rollback');
  };
  return {
    recovery,
    begin: () => {
      begin();
      return committed;
    },
    value: (key) => journal.value(key, stored),
    cell: (key) => journal.value(key, remembered),
    put: (key, text) => journal.change(key, text),
    remove: (key) => journal.change(key, undefined),
    append: ({ index, leaf, detail }) => {
      statements.append.run(index, leaf, detail);
      pending = { ...pending, logSize: index + 1 };
    },
    replaceDetail: (index, detail) => {
      // What is erased is overwritten wherever it lay.
      if (!erased) sqlite.exec('pragma secure_delete = on');
      erased = true;
      statements.replaceDetail.run(detail, index);
    },
    setClock: (nowMs) => {
      pending = { ...pending, clockMs: nowMs };
    },
    commit: () => {
      journal.write(pending.clockMs, pending.clockMs > committed.clockMs);
      statements.commit.run();
      if (erased) sqlite.exec('pragma secure_delete = fast');
      erased = false;
      committed = pending;
      for (const key of journal.changed) cache.forget(key);
      journal.committed();
    },
    rollback,
    logSize: () => logSizeOf(statements.last),
    entries: (from, to) => entriesOf(statements.entries, from, to),
    cells: (prefix, after) => journal.cells(prefix, after),
    close: () => {
      try {
        emptyJournal(journal, begin, rollback, () => {
          setMeta(sqlite, 'clock_ms', committed.clockMs);
          statements.commit.run();
        });
        sqlite.exec('pragma wal_checkpoint(truncate)');
        setMeta(sqlite, 'open', 0);
      } finally {
        sqlite.close();
      }
    },
  };
}

/** Leaves the cells where they belong. Where that fails (a full disk) the journal stays, and loses nothing. */
function emptyJournal(journal: Journal, begin: () => void, rollback: () => void, commit: () => void): void {
  try {
    begin();
    journal.drain();
    commit();
  } catch {
    rollback();
  }
}

function prepare(sqlite: DatabaseSync) {
  return {
    begin: sqlite.prepare('begin immediate'),
    commit: sqlite.prepare('commit'),
    append: sqlite.prepare('insert into log values (?, ?, ?)'),
    replaceDetail: sqlite.prepare('update log set detail = ? where idx = ?'),
    last: sqlite.prepare('select max(idx) as last from log'),
    entries: sqlite.prepare(ENTRIES),
    meta: sqlite.prepare('select value from meta where name = ?'),
  };
}

export const ENTRIES = 'select idx, leaf, detail from log where idx >= ? and idx < ? order by idx';
const SET_META = 'insert into meta values (?, ?) on conflict (name) do update set value = excluded.value';

export function* entriesOf(statement: StatementSync, from: number, to: number): Generator<StoredEntry> {
  for (const row of statement.iterate(from, to)) {
    const { idx, leaf, detail } = row;
    if (typeof idx !== 'number' || !(leaf instanceof Uint8Array))
      throw corrupt('an entry of the log has a wrong type');
    yield { index: idx, leaf, detail: detail === null ? null : String(detail) };
  }
}

/** Number of entries: positions have no gaps, so it is the last one plus one. */
export function logSizeOf(last: StatementSync): number {
  const index = last.get()?.['last'];
  return typeof index === 'number' ? index + 1 : 0;
}

function sizeOfLog(sqlite: DatabaseSync): number {
  return logSizeOf(sqlite.prepare('select max(idx) as last from log'));
}

function metaOf(statement: StatementSync, name: string): number | undefined {
  const value = statement.get(name)?.['value'];
  return typeof value === 'number' ? value : undefined;
}

function hasMeta(sqlite: DatabaseSync): boolean {
  return (
    sqlite.prepare("select 1 from sqlite_schema where type = 'table' and name = 'meta'").get() !== undefined
  );
}

/** Reads a number from `meta`, undefined where it or the table is missing. */
export function meta(sqlite: DatabaseSync, name: string): number | undefined {
  if (!hasMeta(sqlite)) return undefined;
  return metaOf(sqlite.prepare('select value from meta where name = ?'), name);
}

function setMeta(sqlite: DatabaseSync, name: string, value: number): void {
  sqlite.prepare(SET_META).run(name, value);
}

/** Throws `store_schema_newer` for files of a later version, whose meaning this code cannot know. */
export function refuseNewerSchema(sqlite: DatabaseSync): void {
  const version = meta(sqlite, 'schema') ?? 0;
  if (version > SCHEMA_VERSION) {
    throw new StoreError(
      'store_schema_newer',
      `the files have schema ${version}, this version knows ${SCHEMA_VERSION}`,
    );
  }
}

/** Frames that SQLite took from the write-ahead log when it recovered; the checkpoint also moves them. */
function recoveredFrames(sqlite: DatabaseSync): number {
  const row = sqlite.prepare('pragma wal_checkpoint(passive)').get();
  const frames = row?.['log'];
  return typeof frames === 'number' && frames > 0 ? frames : 0;
}

/** Throws `store_corrupt` where the structure of the files or the log is not whole; large files are not looked at. */
export function checkStructure(sqlite: DatabaseSync, path: string): 'ok' | 'skipped' {
  if (sizeOf(path) > CHECK_BYTES_MAX) return 'skipped';
  const finding = sqlite.prepare('pragma quick_check(1)').get()?.['quick_check'];
  if (finding !== 'ok') throw corrupt(`the structure check found: ${String(finding)}`);
  const row = sqlite.prepare('select count(*) as entries, max(idx) as last from log').get();
  const entries = Number(row?.['entries']);
  if (entries > 0 && entries !== Number(row?.['last']) + 1) throw corrupt('the log has a gap');
  return 'ok';
}

function corrupt(message: string): StoreError {
  return new StoreError('store_corrupt', message);
}

function pageSize(sqlite: DatabaseSync): number {
  return Number(sqlite.prepare('pragma page_size').get()?.['page_size']);
}

/** A write-ahead log is a header of 32 bytes and frames of one page and 24 bytes each (sqlite.org/fileformat2.html). */
function framesIn(walBytes: number, pageSizeBytes: number): number {
  return Math.max(0, Math.floor((walBytes - 32) / (pageSizeBytes + 24)));
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
