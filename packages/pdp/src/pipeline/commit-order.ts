import type { Decision, DecisionMetadata, ReasonCode } from '@writ/decision';
import {
  activeHalt,
  CLOCK_TOLERANCE_MS,
  checkApproval,
  checkRates,
  type RateResult,
  type Reservation,
  reserveBudgets,
  revokedParty,
} from '@writ/state';
import type { Transaction } from '@writ/store';
import { approvalReason } from './approval-reason.ts';
import { NOBODY } from './commit-keys.ts';
import type { CommitRequest } from './commit-request.ts';
import { rateLimited } from './rate-limits.ts';
import { withHalt, withReason } from './settle-decision.ts';

/** What the order of a commit needs to know of a call. */
export type OrderedCall = Pick<
  CommitRequest,
  'subject' | 'chain' | 'counted' | 'timeBound' | 'rates' | 'budgets' | 'use'
>;

/** A refusal, to be put in the place of what policies said. */
export type Refusal = (draft: Decision) => Decision;

/**
 * What stops a call before everything else, also one that was allowed before: a halt, then a tombstone, since a token that
 * was given out outlives who it speaks for. Undefined where nothing does.
 */
export function stoppedBy(transaction: Transaction, { subject, chain }: OrderedCall): Refusal | undefined {
  const read = (key: string) => transaction.get(key);
  const halt = activeHalt(read, subject);
  if (halt !== undefined) return (draft) => withHalt(draft, halt.reason);
  const revoked = revokedParty(read, subject, chain ?? NOBODY);
  if (revoked === undefined) return undefined;
  return refusal({ code: revoked.code, message: revoked.revocation.reason });
}

/** What a call that may proceed has taken, or why it may not after all. */
export type Admission =
  | { readonly ok: true; readonly reservations: readonly Reservation[]; readonly remaining?: number }
  | { readonly ok: false; readonly refused: Refusal };

/**
 * What a call that policies let proceed has to pass, in this order: the clock, its approval, rates, budgets. Budgets are
 * reserved; rates are only looked at, and taken by whoever commits.
 */
export function admit(transaction: Transaction, call: OrderedCall): Admission {
  const { subject, counted, rates, budgets, use } = call;
  const fault =
    clockFault(transaction, call) ?? (use === undefined ? undefined : approvalFault(transaction, use));
  if (fault !== undefined) return { ok: false, refused: refusal(fault) };
  if (!counted) return { ok: true, reservations: [] };
  const rated: RateResult = checkRates(transaction, subject, rates);
  if (!rated.ok) {
    const { reason, found } = rateLimited(rated.limited, transaction.nowMs);
    return { ok: false, refused: refusal(reason, found) };
  }
  const reserved = reserveBudgets(transaction, subject, budgets);
  if (!reserved.ok) {
    const { name, unit, used, limit, requested } = reserved.exhausted;
    const message = `budget \`${name}\`: ${used} of ${limit} ${unit} used, ${requested} requested`;
    return { ok: false, refused: refusal({ code: 'budget_exhausted', message }) };
  }
  const { remaining } = rated;
  return { ok: true, reservations: reserved.reservations, ...(remaining === undefined ? {} : { remaining }) };
}

interface Fault {
  readonly code: ReasonCode;
  readonly message: string;
  readonly remediation?: string;
}

function refusal(fault: Fault, found?: DecisionMetadata): Refusal {
  return (draft) => withReason(draft, fault, found);
}

/** Rights that end with time do not hold while the clock stands behind what it showed before. */
function clockFault(transaction: Transaction, { timeBound }: OrderedCall): Fault | undefined {
  if (!timeBound || (transaction.clockSteppedBackMs ?? 0) <= CLOCK_TOLERANCE_MS) return undefined;
  return {
    code: 'clock_stepped_back',
    message: 'the clock stepped back: approvals and overrides do not hold until it has caught up',
  };
}

/** Why the approval cannot be used now; what was found when the call was prepared may have changed since. */
function approvalFault(transaction: Transaction, use: NonNullable<OrderedCall['use']>): Fault | undefined {
  const read = (key: string) => transaction.get(key);
  const checked = checkApproval(read, use.id, use.binding, transaction.nowMs, use.tokenId);
  return checked.ok ? undefined : approvalReason(checked.code);
}
