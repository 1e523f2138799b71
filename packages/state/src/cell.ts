import type { Transaction } from '@writ/store';

/** Reads a cell by key: a transaction's `get`, or cells that were fetched before. */
export type CellReader = (key: string) => string | undefined;

/** What every cell of this package holds beside its own members. */
export interface Versioned {
  /** Version of the format. */
  readonly v: 1;
}

/**
 * Reads a cell that this package wrote. One of another format throws: state that cannot be read must fail the call,
 * never count as empty.
 */
export function readCell<State extends Versioned>(read: CellReader, key: string): State | undefined {
  const text = read(key);
  if (text === undefined) return undefined;
  const value: unknown = JSON.parse(text);
  if (!isVersioned(value))
    throw new Error(`the cell \`${key}\` has a format that this version does not know`);
  return value as State;
}

export function writeCell<State extends Versioned>(
  transaction: Transaction,
  key: string,
  state: State,
): void {
  transaction.put(key, JSON.stringify(state));
}

/** The reader of a transaction. */
export function readerOf(transaction: Transaction): CellReader {
  return (key) => transaction.get(key);
}

function isVersioned(value: unknown): value is Versioned {
  return typeof value === 'object' && value !== null && 'v' in value && value.v === 1;
}
