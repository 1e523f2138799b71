import type { Json } from '@writ/decision';
import type { Transaction } from '@writ/store';
import { readCell, readerOf, type Versioned } from './cell.ts';
import { shardedKey } from './cell-key.ts';

/** How long a repeated call gets the first one's answer. */
export const IDEMPOTENCY_MS = 24 * 60 * 60_000;

interface IdempotencyState extends Versioned {
  readonly decision_id: string;
  readonly call: string;
  readonly answer: Json;
  readonly expires_ms: number;
}

/** Whether a call with this key came before. `mismatch`: it did, and asked something else (`idempotency_mismatch`). */
export type IdempotencyAnswer =
  | { readonly kind: 'first' }
  | { readonly kind: 'repeat'; readonly decision_id: string; readonly answer: Json }
  | { readonly kind: 'mismatch'; readonly decision_id: string };

/** The cell of a key that an enforcement point chose; keys of different tenants and points never meet. */
export function idempotencyKey(tenant: string | undefined, point: string, key: string): string {
  return shardedKey('idem', tenant, point, key);
}

/** Looks for an earlier call; `call` is the digest of all that this one asks. */
export function checkIdempotency(transaction: Transaction, cell: string, call: string): IdempotencyAnswer {
  const state = readCell<IdempotencyState>(readerOf(transaction), cell);
  if (state === undefined || transaction.nowMs > state.expires_ms) return { kind: 'first' };
  if (state.call !== call) return { kind: 'mismatch', decision_id: state.decision_id };
  return { kind: 'repeat', decision_id: state.decision_id, answer: state.answer };
}

/** Keeps the answer of a first call for its repetitions; `answerText` is JSON. */
export function rememberAnswer(
  transaction: Transaction,
  cell: string,
  first: { readonly decision_id: string; readonly call: string; readonly answerText: string },
): void {
  const { decision_id, call, answerText } = first;
  const state: Omit<IdempotencyState, 'answer'> = {
    v: 1,
    decision_id,
    call,
    expires_ms: transaction.nowMs + IDEMPOTENCY_MS,
  };
  transaction.put(cell, `${JSON.stringify(state).slice(0, -1)},"answer":${answerText}}`);
}
