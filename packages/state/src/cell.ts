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
  return parsedCell(text, key) as State;
}

/** Texts that were read last, with what they say: one commit reads a session several times, and the next one again. Values are never changed. */
const parsed = new Map<string, Versioned>();
const PARSED_MAX = 2_048;
/** Longer texts are few, and not worth the memory. */
const PARSED_LENGTH_MAX = 4_096;

function parsedCell(text: string, key: string): Versioned {
  const before = parsed.get(text);
  if (before !== undefined) return before;
  const value: unknown = JSON.parse(text);
  if (!isVersioned(value))
    throw new Error(`the cell \`${key}\` has a format that this version does not know`);
  if (text.length > PARSED_LENGTH_MAX) return value;
  if (parsed.size >= PARSED_MAX) parsed.clear();
  parsed.set(text, value);
  return value;
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
