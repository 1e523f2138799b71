import type { ApprovalRule, ApprovalStatus } from '@writ/decision';
import type { Transaction } from '@writ/store';
import { type ApprovalBinding, type BindingFault, bindingFault } from './approval-binding.ts';
import { pendingKey, pendingSummary } from './approval-pending.ts';
import { standingTermsOf, votesSuffice } from './approval-rule.ts';
import type { ApprovalState } from './approval-state.ts';
import { type CellReader, readCell, readerOf, writeCell } from './cell.ts';
import { cellKey, shardedKey } from './cell-key.ts';
import { counterKey, hitCounter } from './counter.ts';
import type { StateSubject } from './subject.ts';

/** Approvals that may be asked for in an hour for one principal and actor: more would hide the rest from people. */
export const ASKS_MAX = 100;
const ASKS_WINDOW_MS = 60 * 60_000;
/** How long an approval is kept after its end, used or not. */
export const APPROVAL_KEEP_MS = 30 * 24 * 60 * 60_000;

/** How far the clock may have stepped back before rights that end with time are refused. */
export const CLOCK_TOLERANCE_MS = 5_000;

/** Why an approval cannot be decided or used; reason codes of the contract. */
export const APPROVAL_FAULTS = [
  'approval_unknown',
  'approval_pending',
  'approval_expired',
  'approval_used',
  'approval_mismatch',
  'approval_wrong_caller',
  'approval_arguments_changed',
  'approval_form_changed',
  'approval_cancelled',
  'approval_decided',
  'approval_voted',
  'approval_moved',
  'override_revoked',
  'human_rejected',
  'clock_stepped_back',
] as const;
export type ApprovalFault = (typeof APPROVAL_FAULTS)[number];

export type ApprovalResult =
  | { readonly ok: true; readonly approval: ApprovalState }
  | { readonly ok: false; readonly code: ApprovalFault; readonly approval?: ApprovalState };

export function approvalKey(id: string): string {
  return cellKey('approval', id);
}

/** The cells that any change of an approval touches. */
export function approvalKeys(id: string): readonly string[] {
  return [approvalKey(id), pendingKey(id)];
}

/** The cell that names the approval asked for by this very call; `call` is a digest of all that it asks. */
export function askedKey(tenant: string | undefined, call: string): string {
  return shardedKey('approval-for', tenant, call);
}

/** The cell that counts what is asked of people for this principal and actor. */
export function asksKey({ tenant, principal, actor }: StateSubject): string {
  return counterKey(tenant, 'approvals asked', JSON.stringify([principal, actor]));
}

/** Counts a question to people; false where there were too many lately, and then none may be asked. */
export function countAsk(transaction: Transaction, subject: StateSubject): boolean {
  const limit = { limit: ASKS_MAX, windowMs: ASKS_WINDOW_MS };
  return hitCounter(transaction, asksKey(subject), limit).allowed;
}

/** Puts a call before a person. The id must be new; one that is taken throws. */
export function createApproval(
  transaction: Transaction,
  approval: Pick<
    ApprovalState,
    'id' | 'decision_id' | 'expires_ms' | 'binding' | 'action' | 'reasons' | 'details' | 'rules' | 'appeal'
  >,
): ApprovalState {
  if (transaction.get(approvalKey(approval.id)) !== undefined) throw new Error('the approval exists already');
  const { id, decision_id, expires_ms, binding, action, reasons, details, rules, appeal } = approval;
  const created_ms = transaction.nowMs;
  const standing = standingTermsOf(rules ?? []);
  const state: ApprovalState = {
    v: 1,
    version: 1,
    id,
    status: 'pending',
    decision_id,
    created_ms,
    expires_ms,
    binding,
    action,
    reasons,
    ...(details === undefined ? {} : { details }),
    ...(rules === undefined ? {} : { rules }),
    ...(appeal === undefined ? {} : { appeal }),
    ...(standing === undefined ? {} : { asked_standing: standing }),
  };
  writeCell(transaction, approvalKey(id), state);
  transaction.put(pendingKey(id), JSON.stringify(pendingSummary(state)));
  return state;
}

/** Reads an approval as it stands at `nowMs`: one that nobody decided or used in time is expired. */
export function readApproval(read: CellReader, id: string, nowMs: number): ApprovalState | undefined {
  const state = readCell<ApprovalState>(read, approvalKey(id));
  if (state === undefined) return undefined;
  const open = state.status === 'pending' || state.status === 'approved';
  return open && nowMs > state.expires_ms ? { ...state, status: 'expired' } : state;
}

/** A person's verdict. What policy says of this person was asked before, about `version` of the approval. */
export interface Verdict {
  readonly status: 'approved' | 'denied';
  readonly by: string;
  /** Whose vote it is, where `by` votes for somebody who is away. */
  readonly holder?: string;
  readonly groups?: readonly string[];
  readonly channel?: string;
  readonly comment?: string;
  /** Refused where the approval has changed since. */
  readonly version?: number;
  /** Rules of the moment; those that it was asked under where left out. */
  readonly rules?: readonly ApprovalRule[];
  /** Holders of earlier votes that the rules of the moment no longer count. */
  readonly lapsed?: readonly string[];
  /** From the last needed yes on, how long the call may be made. Default: as long as the approval would have waited. */
  readonly useMs?: number;
  readonly tokenId?: string;
  readonly under?: string;
}

/**
 * Counts a person's verdict: a no ends the approval, the last yes that is needed approves it. Anything but a pending
 * approval is refused, and so is a second verdict of one person.
 */
export function decideApproval(transaction: Transaction, id: string, verdict: Verdict): ApprovalResult {
  const { status, by, comment, version, rules, useMs } = verdict;
  const said = comment === undefined ? {} : { comment };
  if (status === 'denied')
    return leavePending(transaction, id, version, () => ({
      status,
      decided_by: by,
      decided_ms: transaction.nowMs,
      ...said,
    }));
  return leavePending(transaction, id, version, (state) => {
    const counted = (state.votes ?? []).filter(({ holder }) => verdict.lapsed?.includes(holder) !== true);
    const holder = verdict.holder ?? by;
    if (counted.some((vote) => vote.holder === holder || vote.by === by)) return 'approval_voted';
    const { groups = [], channel = 'api' } = verdict;
    const votes = [...counted, { by, holder, groups, channel, at_ms: transaction.nowMs, ...said }];
    const inForce = rules ?? state.rules ?? [];
    if (!votesSuffice(inForce, votes)) return { votes, ...(rules === undefined ? {} : { rules }) };
    return {
      status,
      votes,
      decided_by: votes.map((vote) => vote.by).join(', '),
      decided_ms: transaction.nowMs,
      ...said,
      ...(rules === undefined ? {} : { rules }),
      ...(useMs === undefined ? {} : { expires_ms: transaction.nowMs + useMs }),
      ...(verdict.tokenId === undefined ? {} : { token_id: verdict.tokenId }),
      ...(verdict.under === undefined ? {} : { approved_under: verdict.under }),
    };
  });
}

/** Withdraws a pending approval. */
export function cancelApproval(transaction: Transaction, id: string): ApprovalResult {
  return leavePending(transaction, id, undefined, () => ({ status: 'cancelled' }));
}

/** Takes back an approval that was given and not used: what was approved is not any more. */
export function revokeApproval(transaction: Transaction, id: string, by: string): ApprovalResult {
  const state = readApproval(readerOf(transaction), id, transaction.nowMs);
  if (state === undefined) return { ok: false, code: 'approval_unknown' };
  if (state.status !== 'approved') {
    const code = state.status === 'pending' ? 'approval_pending' : DECIDE_FAULTS[state.status];
    return { ok: false, code, approval: state };
  }
  return { ok: true, approval: keepApproval(transaction, { ...state, status: 'cancelled', decided_by: by }) };
}

function leavePending(
  transaction: Transaction,
  id: string,
  version: number | undefined,
  changeOf: (state: ApprovalState) => Partial<ApprovalState> | ApprovalFault,
): ApprovalResult {
  const state = readApproval(readerOf(transaction), id, transaction.nowMs);
  if (state === undefined) return { ok: false, code: 'approval_unknown' };
  if (steppedBack(transaction)) return { ok: false, code: 'clock_stepped_back', approval: state };
  if (state.status !== 'pending') return { ok: false, code: DECIDE_FAULTS[state.status], approval: state };
  if (version !== undefined && version !== state.version)
    return { ok: false, code: 'approval_moved', approval: state };
  const change = changeOf(state);
  if (typeof change === 'string') return { ok: false, code: change, approval: state };
  return { ok: true, approval: keepApproval(transaction, { ...state, ...change }) };
}

const DECIDE_FAULTS: Readonly<Record<Exclude<ApprovalStatus, 'pending'>, ApprovalFault>> = {
  approved: 'approval_decided',
  denied: 'approval_decided',
  expired: 'approval_expired',
  cancelled: 'approval_cancelled',
  used: 'approval_used',
};

/**
 * Whether this approval may serve this call now; changes nothing. Tell a caller only the code: to a caller with another
 * call the answer says what differs, whatever became of the approval. `tokenId`: of the override token it came by.
 */
export function checkApproval(
  read: CellReader,
  id: string,
  binding: ApprovalBinding,
  nowMs: number,
  tokenId?: string,
): ApprovalResult {
  const state = readApproval(read, id, nowMs);
  if (state === undefined) return { ok: false, code: 'approval_unknown' };
  const other: BindingFault | undefined = bindingFault(state.binding, binding);
  if (other !== undefined) return { ok: false, code: other };
  if (tokenId !== undefined && state.token_id !== tokenId)
    return { ok: false, code: 'override_revoked', approval: state };
  const code = USE_FAULTS[state.status];
  return code === undefined ? { ok: true, approval: state } : { ok: false, code, approval: state };
}

const USE_FAULTS: Readonly<Record<ApprovalStatus, ApprovalFault | undefined>> = {
  pending: 'approval_pending',
  approved: undefined,
  denied: 'human_rejected',
  expired: 'approval_expired',
  cancelled: 'approval_cancelled',
  used: 'approval_used',
};

/** Uses an approval up for the decision `usedBy`, exactly once. */
export function useApproval(
  transaction: Transaction,
  id: string,
  binding: ApprovalBinding,
  usedBy: string,
  tokenId?: string,
): ApprovalResult {
  const checked = checkApproval(readerOf(transaction), id, binding, transaction.nowMs, tokenId);
  if (!checked.ok) return checked;
  if (steppedBack(transaction)) return { ok: false, code: 'clock_stepped_back', approval: checked.approval };
  return {
    ok: true,
    approval: keepApproval(transaction, { ...checked.approval, status: 'used', used_by: usedBy }),
  };
}

/** Writes a changed approval, and its line in the list of what waits. */
export function keepApproval(transaction: Transaction, state: ApprovalState): ApprovalState {
  const next = { ...state, version: state.version + 1 };
  writeCell(transaction, approvalKey(state.id), next);
  if (state.status !== 'pending') transaction.remove(pendingKey(state.id));
  else transaction.put(pendingKey(state.id), JSON.stringify(pendingSummary(next)));
  return next;
}

function steppedBack(transaction: Transaction): boolean {
  return (transaction.clockSteppedBackMs ?? 0) > CLOCK_TOLERANCE_MS;
}
