import type { StoredEntry } from '../contract.ts';
import { fromPostgresText, toPostgresText } from './postgres-text.ts';

/** Rows as the driver gives them, and lists as the statements take them: one JSON text each. */
export type Row = Readonly<Record<string, unknown>>;

export function cellsIn(rows: readonly Row[]): Map<string, string> {
  return new Map(rows.map(cellIn));
}

export function cellIn(row: Row): readonly [key: string, value: string] {
  return [fromPostgresText(String(row['key'])), fromPostgresText(String(row['value']))];
}

export function detailIn(row: Row): string | null {
  return row['detail'] === null ? null : fromPostgresText(String(row['detail']));
}

export function leafIn(row: Row): Uint8Array {
  const leaf = row['leaf'];
  if (!(leaf instanceof Uint8Array)) throw new TypeError('the leaf of an entry is not bytes');
  return new Uint8Array(leaf);
}

export function keysText(keys: readonly string[]): string {
  return JSON.stringify(keys.map(toPostgresText));
}

export function pairsText(cells: Iterable<readonly [key: string, value: string]>): string {
  return JSON.stringify([...cells].map(([key, value]) => [toPostgresText(key), toPostgresText(value)]));
}

/** Pairs of place and detail. */
export function detailsText(details: Iterable<readonly [index: number, detail: string | null]>): string {
  return JSON.stringify([...details].map(([index, detail]) => [index, storedDetail(detail)]));
}

/** Pairs of leaf and detail. */
export function entriesText(entries: readonly StoredEntry[]): string {
  return JSON.stringify(entries.map(bodyOf));
}

/** Triples of place, leaf and detail. */
export function placedEntriesText(entries: readonly StoredEntry[]): string {
  return JSON.stringify(entries.map((entry) => [entry.index, ...bodyOf(entry)]));
}

function bodyOf({ leaf, detail }: StoredEntry): readonly [leaf: string, detail: string | null] {
  return [Buffer.from(leaf).toString('base64'), storedDetail(detail)];
}

function storedDetail(detail: string | null): string | null {
  return detail === null ? null : toPostgresText(detail);
}
