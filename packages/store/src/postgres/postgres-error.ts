import type { StoreErrorCode } from '../contract.ts';
import { StoreError } from '../store-error.ts';

/** Classes of PostgreSQL's codes (SQLSTATE, appendix A of its manual) in our terms; all others are `store_io`. */
const CODE_BY_STATE: readonly (readonly [prefix: string, code: StoreErrorCode])[] = [
  ['53100', 'store_full'],
  ['53', 'store_overloaded'],
  ['25006', 'store_read_only'],
  ['42501', 'store_read_only'],
  ['XX001', 'store_corrupt'],
  ['XX002', 'store_corrupt'],
];

/** Another transaction went first; doing the same again is right: nothing of it was kept. */
const AGAIN: ReadonlySet<string> = new Set(['40001', '40P01', '55P03']);

export function mayGoAgain(cause: unknown): boolean {
  return AGAIN.has(stateOf(cause));
}

/** Whether the connection is gone, and with it what is known of the transaction under way. */
export function connectionLost(cause: unknown): boolean {
  if (cause instanceof StoreError) return cause.code === 'store_owner_lost';
  const state = stateOf(cause);
  // Class 08, an administrator's or a crash's end, and what the driver and the system report.
  return /^(08|57P0|57P)/.test(state) || !/^[0-9A-Z]{5}$/.test(state);
}

/** Turns whatever the driver threw into a `StoreError`. The message has no value of any cell. */
export function postgresError(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const state = stateOf(cause);
  const code = CODE_BY_STATE.find(([prefix]) => state.startsWith(prefix))?.[1] ?? 'store_io';
  return new StoreError(code, `PostgreSQL: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
  });
}

function stateOf(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
}
