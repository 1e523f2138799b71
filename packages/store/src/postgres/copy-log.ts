import { mkdirSync } from 'node:fs';
import type { StoredEntry } from '../contract.ts';
import { type Database, openDatabase } from '../database.ts';
import { SIZE_BYTES_DEFAULT } from '../limits.ts';
import { StoreError, storeErrorFrom } from '../store-error.ts';
import { PostgresConnection } from './connection.ts';
import { postgresError } from './postgres-error.ts';
import { toPostgresText } from './postgres-text.ts';
import { cellIn, detailIn, leafIn, type Row } from './rows.ts';
import { LOG_SIZE, READ_LOG, SCAN_CELLS_AFTER } from './statements.ts';

/** Entries and cells of one statement, and of one transaction of the copy. */
const PAGE = 1_000;

export interface CopyLogOptions {
  /** `postgres://…`: where the log is. */
  readonly postgres: string;
  /** Where it goes; what is there already of the same log stays, and the rest is added. */
  readonly directory: string;
  /** Cells whose keys begin with this are copied too: those that belong to the log. */
  readonly prefix: string;
  /** Earlier entries of which a copied one says that their detail was replaced; these are read again. */
  readonly replacedBy?: (entry: StoredEntry) => readonly number[];
}

/**
 * Copies a log from PostgreSQL into files that `openStoreReader` reads, as of one moment: tools that read files serve a
 * cluster by this. Gives its size. Rejects with `StoreError`.
 */
export async function copyPostgresLog(options: CopyLogOptions): Promise<{ readonly size: number }> {
  const connection = await opened(options.postgres);
  try {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    const database = openDatabase(options.directory, SIZE_BYTES_DEFAULT);
    try {
      await connection.run(['begin isolation level repeatable read read only']);
      const size = Number((await connection.run([LOG_SIZE]))[0]?.rows[0]?.['value'] ?? 0);
      await copyEntries(connection, database, size, options);
      await copyCells(connection, database, options.prefix);
      await connection.run(['commit']);
      return { size };
    } finally {
      database.close();
    }
  } catch (cause) {
    throw cause instanceof StoreError
      ? cause
      : 'errcode' in Object(cause)
        ? storeErrorFrom(cause)
        : postgresError(cause);
  } finally {
    await connection.close();
  }
}

async function opened(url: string): Promise<PostgresConnection> {
  try {
    return await PostgresConnection.open(url, () => {});
  } catch (cause) {
    throw postgresError(cause);
  }
}

async function copyEntries(
  connection: PostgresConnection,
  database: Database,
  size: number,
  { replacedBy = () => [] }: CopyLogOptions,
): Promise<void> {
  const known = database.logSize();
  await requireSameLog(connection, database, known);
  for (let from = known; from < size; ) {
    const entries = await page(connection, from, size);
    const last = entries.at(-1);
    if (last === undefined) throw new StoreError('store_corrupt', `the log lacks entry ${from}`);
    const replaced = entries.flatMap(replacedBy).filter((index) => index < known);
    database.begin();
    for (const entry of entries) database.append(entry);
    for (const index of new Set(replaced)) {
      const [again] = await page(connection, index, index + 1);
      if (again !== undefined) database.replaceDetail(index, again.detail);
    }
    database.commit();
    from = last.index + 1;
  }
}

/** What is there must be the beginning of this log; throws `store_corrupt`. */
async function requireSameLog(
  connection: PostgresConnection,
  database: Database,
  known: number,
): Promise<void> {
  if (known === 0) return;
  const [mine] = [...database.entries(known - 1, known)];
  const [theirs] = await page(connection, known - 1, known);
  if (mine !== undefined && theirs !== undefined && Buffer.compare(mine.leaf, theirs.leaf) === 0) return;
  throw new StoreError('store_corrupt', 'the copy is of another log');
}

async function page(connection: PostgresConnection, from: number, to: number): Promise<StoredEntry[]> {
  const [answer] = await connection.run([READ_LOG, String(from), String(to), String(PAGE)]);
  return (answer?.rows ?? []).map((row: Row) => ({
    index: Number(row['place']),
    leaf: leafIn(row),
    detail: detailIn(row),
  }));
}

async function copyCells(connection: PostgresConnection, database: Database, prefix: string): Promise<void> {
  for (let after = prefix; ; ) {
    const [answer] = await connection.run([
      SCAN_CELLS_AFTER,
      toPostgresText(prefix),
      toPostgresText(after),
      String(PAGE),
    ]);
    const cells = (answer?.rows ?? []).map(cellIn);
    database.begin();
    for (const [key, value] of cells) if (database.cell(key) !== value) database.put(key, value);
    database.commit();
    const last = cells.at(-1);
    if (last === undefined || cells.length < PAGE) return;
    after = last[0];
  }
}
