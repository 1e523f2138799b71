import type { Outcome } from './batch.ts';
import type { StoredEntry, StoreStatistics } from './contract.ts';
import type { Database } from './database.ts';
import { ENTRIES_PAGE_LENGTH_MAX, ENTRIES_PAGE_MAX, SCAN_DEFAULT, SCAN_MAX } from './limits.ts';
import { StoreError, storeErrorFrom } from './store-error.ts';

/** What may be asked of the store itself, and the JSON that answers. */
export interface Readings {
  readonly $entries: { readonly request: { from: number; to: number }; readonly result: readonly EntryRow[] };
  readonly $log_size: { readonly request: null; readonly result: number };
  readonly $read: { readonly request: { key: string }; readonly result: string | undefined };
  readonly $scan: {
    readonly request: { prefix: string; limit?: number; after?: string };
    readonly result: readonly (readonly [key: string, value: string])[];
  };
  readonly $statistics: { readonly request: null; readonly result: StoreStatistics };
}

/** An entry on the wire: the leaf as base64. */
export type EntryRow = readonly [index: number, leaf: string, detail: string | null];

type Reading<Name extends keyof Readings> = (
  database: Database,
  request: Readings[Name]['request'],
  counts: StoreStatistics,
) => Readings[Name]['result'];

const READINGS: { readonly [Name in keyof Readings]: Reading<Name> } = {
  $entries: (database, { from, to }) => pageOfEntries(database, from, to),
  $log_size: (database) => database.logSize(),
  $read: (database, { key }) => database.value(key),
  $scan: (database, { prefix, limit, after }) =>
    pageOfCells(database.cells(prefix, after), Math.min(limit ?? SCAN_DEFAULT, SCAN_MAX)),
  $statistics: (_database, _request, counts) => counts,
};

/** Answers one reading from committed state. */
export function runReading(
  database: Database,
  name: string,
  request: unknown,
  counts: StoreStatistics,
): Outcome {
  if (!isReading(name))
    return { ok: false, error: new StoreError('store_procedure_failed', `no reading is named \`${name}\``) };
  try {
    const result: string | undefined = JSON.stringify(READINGS[name](database, request as never, counts));
    return result === undefined ? { ok: true } : { ok: true, result };
  } catch (cause) {
    return { ok: false, error: storeErrorFrom(cause) };
  }
}

/** Turns a row of the wire back into an entry. */
export function entryOf([index, leaf, detail]: EntryRow): StoredEntry {
  return { index, leaf: new Uint8Array(Buffer.from(leaf, 'base64')), detail };
}

function isReading(name: string): name is keyof Readings {
  return Object.hasOwn(READINGS, name);
}

function pageOfEntries(database: Database, from: number, to: number): readonly EntryRow[] {
  const rows: EntryRow[] = [];
  let length = 0;
  for (const { index, leaf, detail } of database.entries(from, Math.min(to, from + ENTRIES_PAGE_MAX))) {
    rows.push([index, Buffer.from(leaf).toString('base64'), detail]);
    length += leaf.byteLength + (detail?.length ?? 0);
    if (length > ENTRIES_PAGE_LENGTH_MAX) break;
  }
  return rows;
}

function pageOfCells(
  found: Iterable<readonly [string, string]>,
  limit: number,
): readonly (readonly [string, string])[] {
  const cells: (readonly [string, string])[] = [];
  if (limit < 1) return cells;
  for (const cell of found) {
    cells.push(cell);
    if (cells.length >= limit) break;
  }
  return cells;
}
