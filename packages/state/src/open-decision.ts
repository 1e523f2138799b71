import type { CompleteCall, Json } from '@writ/decision';
import type { Transaction } from '@writ/store';
import { type ActualUse, type Reservation, refundReservations, settleReservations } from './budget.ts';
import { type CellReader, readCell, readerOf, type Versioned, writeCell } from './cell.ts';
import { cellKey } from './cell-key.ts';
import { type RateReservation, refundRates, settleRates } from './rate.ts';
import { reportToSession, sessionKeys } from './session.ts';
import type { StateSubject } from './subject.ts';

/** How long an effect may take before its reservation counts as spent. */
export const LEASE_MS = 15 * 60_000;

/** A decision whose effect proceeds, until its outcome is known: the lease on what was reserved for it. */
export interface OpenDecision extends Versioned {
  readonly decision_id: string;
  readonly subject: StateSubject;
  readonly reservations: readonly Reservation[];
  /** What it took of rates; absent where it took nothing. */
  readonly rates?: readonly RateReservation[];
  readonly opened_ms: number;
  readonly expires_ms: number;
  /** What the decision point needs again when the call completes. */
  readonly note: Json;
  /** Absent while the outcome is unknown. */
  readonly completed?: { readonly status: CompleteCall['status']; readonly answer: Json };
}

/** What became of the reservation: `spent` where it stays as it was. */
export type CloseResult =
  | { readonly kind: 'settled' | 'refunded' | 'spent'; readonly decision: OpenDecision }
  | { readonly kind: 'repeat'; readonly answer: Json }
  | { readonly kind: 'unknown' };

/** The cell of an open decision. Ids grow with time, so key order is order of opening. */
export function openDecisionKey(decisionId: string): string {
  return cellKey('decision', decisionId);
}

/** Keeps what a decision reserved until its effect completes. */
export function openDecision(
  transaction: Transaction,
  decision: Pick<OpenDecision, 'decision_id' | 'subject' | 'reservations' | 'rates' | 'note'> & {
    readonly leaseMs?: number;
  },
): OpenDecision {
  const { leaseMs = LEASE_MS, decision_id, subject, reservations, rates = [], note } = decision;
  const open: OpenDecision = {
    v: 1,
    decision_id,
    subject,
    reservations,
    ...(rates.length === 0 ? {} : { rates }),
    note,
    opened_ms: transaction.nowMs,
    expires_ms: transaction.nowMs + leaseMs,
  };
  writeCell(transaction, openDecisionKey(decision_id), open);
  return open;
}

/** Reads an open decision, e.g. before completing it, to know the cells that this touches. */
export function readOpenDecision(read: CellReader, decisionId: string): OpenDecision | undefined {
  return readCell<OpenDecision>(read, openDecisionKey(decisionId));
}

/** The cells that completing touches. Take them from a read of the decision: what it reserved never changes. */
export function completionKeys(decisionId: string, open: OpenDecision | undefined): readonly string[] {
  const own = openDecisionKey(decisionId);
  if (open === undefined) return [own];
  const reserved = [...open.reservations, ...(open.rates ?? [])].map((each) => each.key);
  return [...new Set([own, ...reserved, ...sessionKeys(open.subject)])];
}

/**
 * Closes a decision once: a repetition gets the first answer. Refunds only if nothing was sent and the lease has not
 * expired; settles what is known to have been used, tokens also in the session; everything else stays spent.
 */
export function completeDecision(
  transaction: Transaction,
  completion: {
    readonly decision_id: string;
    readonly status: CompleteCall['status'];
    readonly usage?: ActualUse;
    readonly answer: Json;
  },
): CloseResult {
  const open = readOpenDecision(readerOf(transaction), completion.decision_id);
  if (open === undefined) return { kind: 'unknown' };
  if (open.completed !== undefined) return { kind: 'repeat', answer: open.completed.answer };
  const { status, usage, answer } = completion;
  const decision: OpenDecision = { ...open, completed: { status, answer } };
  writeCell(transaction, openDecisionKey(open.decision_id), decision);
  if (status === 'not_sent') {
    if (transaction.nowMs > open.expires_ms) return { kind: 'spent', decision };
    refundReservations(transaction, open.reservations);
    refundRates(transaction, open.rates ?? []);
    return { kind: 'refunded', decision };
  }
  if (usage === undefined) return { kind: 'spent', decision };
  settleReservations(transaction, open.reservations, usage);
  settleRates(transaction, open.rates ?? [], usage.tokens);
  if (usage.tokens !== undefined) reportToSession(transaction, open.subject, { tokens: usage.tokens });
  return { kind: 'settled', decision };
}
