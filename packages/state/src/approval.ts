import type { Approval, ApprovalStatus, Reason } from '@writ/decision';
import type { Transaction } from '@writ/store';
import { type CellReader, readCell, readerOf, type Versioned, writeCell } from './cell.ts';
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

/** The call that an approval is for. It serves no other: every member must be equal, absent ones included. */
export interface ApprovalBinding {
  readonly arg_hash: string;
  readonly forwarded_hash: string;
  readonly tool_digest?: string;
  readonly tool?: string;
  readonly server?: string;
  readonly tenant?: string;
  readonly principal: string;
  readonly actor: string;
}

export interface ApprovalState extends Versioned {
  readonly version: number;
  readonly id: string;
  readonly status: ApprovalStatus;
  readonly decision_id: string;
  readonly created_ms: number;
  readonly expires_ms: number;
  readonly binding: ApprovalBinding;
  readonly action: Approval['action'];
  /** The escalate reasons that were asked for. */
  readonly reasons: readonly Reason[];
  readonly decided_by?: string;
  readonly decided_ms?: number;
  readonly comment?: string;
  /** The decision that used it up. */
  readonly used_by?: string;
}

/** Why an approval cannot be decided or used; reason codes of the contract. */
export const APPROVAL_FAULTS = [
  'approval_unknown',
  'approval_pending',
  'approval_expired',
  'approval_used',
  'approval_mismatch',
  'approval_cancelled',
  'approval_decided',
  'human_rejected',
  'clock_stepped_back',
] as const;
export type ApprovalFault = (typeof APPROVAL_FAULTS)[number];

export type ApprovalResult =
  | { readonly ok: true; readonly approval: ApprovalState }
  | { readonly ok: false; readonly code: ApprovalFault; readonly approval?: ApprovalState };

/** Prefix of the cells that list what waits for a person. */
export const PENDING_PREFIX = 'approval-pending/';

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

function pendingKey(id: string): string {
  return cellKey('approval-pending', id);
}

/** Puts a call before a person. The id must be new; one that is taken throws. */
export function createApproval(
  transaction: Transaction,
  approval: Pick<ApprovalState, 'id' | 'decision_id' | 'expires_ms' | 'binding' | 'action' | 'reasons'>,
): ApprovalState {
  if (transaction.get(approvalKey(approval.id)) !== undefined) throw new Error('the approval exists already');
  const { id, decision_id, expires_ms, binding, action, reasons } = approval;
  const created_ms = transaction.nowMs;
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
  };
  writeCell(transaction, approvalKey(id), state);
  transaction.put(pendingKey(id), String(expires_ms));
  return state;
}

/** Reads an approval as it stands at `nowMs`: one that nobody decided or used in time is expired. */
export function readApproval(read: CellReader, id: string, nowMs: number): ApprovalState | undefined {
  const state = readCell<ApprovalState>(read, approvalKey(id));
  if (state === undefined) return undefined;
  const open = state.status === 'pending' || state.status === 'approved';
  return open && nowMs > state.expires_ms ? { ...state, status: 'expired' } : state;
}

/** A person's verdict, once: on anything but a pending approval it is refused. */
export function decideApproval(
  transaction: Transaction,
  id: string,
  verdict: { readonly status: 'approved' | 'denied'; readonly by: string; readonly comment?: string },
): ApprovalResult {
  const { status, by, comment } = verdict;
  const decided = {
    decided_by: by,
    decided_ms: transaction.nowMs,
    ...(comment === undefined ? {} : { comment }),
  };
  return leavePending(transaction, id, { status, ...decided });
}

/** Withdraws a pending approval. */
export function cancelApproval(transaction: Transaction, id: string): ApprovalResult {
  return leavePending(transaction, id, { status: 'cancelled' });
}

function leavePending(transaction: Transaction, id: string, change: Partial<ApprovalState>): ApprovalResult {
  const state = readApproval(readerOf(transaction), id, transaction.nowMs);
  if (state === undefined) return { ok: false, code: 'approval_unknown' };
  if (steppedBack(transaction)) return { ok: false, code: 'clock_stepped_back', approval: state };
  if (state.status !== 'pending') return { ok: false, code: DECIDE_FAULTS[state.status], approval: state };
  return { ok: true, approval: keep(transaction, { ...state, ...change }) };
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
 * call the answer is `approval_mismatch`, whatever became of the approval.
 */
export function checkApproval(
  read: CellReader,
  id: string,
  binding: ApprovalBinding,
  nowMs: number,
): ApprovalResult {
  const state = readApproval(read, id, nowMs);
  if (state === undefined) return { ok: false, code: 'approval_unknown' };
  if (!sameBinding(state.binding, binding)) return { ok: false, code: 'approval_mismatch' };
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
): ApprovalResult {
  const checked = checkApproval(readerOf(transaction), id, binding, transaction.nowMs);
  if (!checked.ok) return checked;
  if (steppedBack(transaction)) return { ok: false, code: 'clock_stepped_back', approval: checked.approval };
  return { ok: true, approval: keep(transaction, { ...checked.approval, status: 'used', used_by: usedBy }) };
}

function keep(transaction: Transaction, state: ApprovalState): ApprovalState {
  const next = { ...state, version: state.version + 1 };
  writeCell(transaction, approvalKey(state.id), next);
  if (state.status !== 'pending') transaction.remove(pendingKey(state.id));
  return next;
}

function steppedBack(transaction: Transaction): boolean {
  return (transaction.clockSteppedBackMs ?? 0) > CLOCK_TOLERANCE_MS;
}

const BINDING_MEMBERS: Readonly<Record<keyof ApprovalBinding, true>> = {
  arg_hash: true,
  forwarded_hash: true,
  tool_digest: true,
  tool: true,
  server: true,
  tenant: true,
  principal: true,
  actor: true,
};

function sameBinding(first: ApprovalBinding, second: ApprovalBinding): boolean {
  const members = Object.keys(BINDING_MEMBERS) as (keyof ApprovalBinding)[];
  return members.every((member) => first[member] === second[member]);
}

/** The id in a key that `Store.scan(PENDING_PREFIX)` gives. */
export function pendingApprovalId(key: string): string {
  return decodeURIComponent(key.slice(PENDING_PREFIX.length));
}

/** The approval as the contract shows it. */
export function toApproval(state: ApprovalState): Approval {
  const { id, status, decision_id, binding, action, reasons, decided_by, decided_ms, comment } = state;
  return {
    id,
    status,
    created_at: new Date(state.created_ms).toISOString(),
    expires_at: new Date(state.expires_ms).toISOString(),
    decision_id,
    principal: { id: binding.principal, ...(binding.tenant === undefined ? {} : { tenant: binding.tenant }) },
    actor: { id: binding.actor },
    action,
    arg_hash: binding.arg_hash,
    forwarded_hash: binding.forwarded_hash,
    ...(binding.tool_digest === undefined ? {} : { tool_digest: binding.tool_digest }),
    reasons,
    ...(decided_by === undefined ? {} : { decided_by }),
    ...(decided_ms === undefined ? {} : { decided_at: new Date(decided_ms).toISOString() }),
    ...(comment === undefined ? {} : { comment }),
  };
}
