import type {
  Approval,
  ApprovalRule,
  ApprovalStatus,
  JsonObject,
  Reason,
  StandingTerms,
} from '@writ/decision';
import type { Transaction } from '@writ/store';
import { type ApprovalBinding, type BindingFault, bindingFault } from './approval-binding.ts';
import { type ApprovalVote, groupOf, standingTermsOf, votesNeeded, votesSuffice } from './approval-rule.ts';
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
  /** What a person needs to judge the call, beside the action. */
  readonly details?: ApprovalDetails;
  /** Who may judge it, as policy said when it was asked, or when somebody judged it last. */
  readonly rules?: readonly ApprovalRule[];
  /** Asked against a denial; its reasons are those that denied. */
  readonly appeal?: { readonly justification?: string };
  /** Terms of a standing permission that the question showed. */
  readonly asked_standing?: StandingTerms;
  /** Those who said yes. */
  readonly votes?: readonly ApprovalVote[];
  readonly decided_by?: string;
  readonly decided_ms?: number;
  readonly comment?: string;
  /** Id of the one override token that the approval became. */
  readonly token_id?: string;
  /** The policies in force when it was approved: `sha256:<hex>`. */
  readonly approved_under?: string;
  /** When people were reminded last, and how many escalations were told. */
  readonly reminded_ms?: number;
  readonly stage?: number;
  /** The decision that used it up. */
  readonly used_by?: string;
}

/** What is kept of a call for people. Arguments are in the action, with sensitive ones masked. */
export interface ApprovalDetails {
  /** The request without arguments: what policies about approvers are asked with. */
  readonly request: JsonObject;
  readonly masked?: readonly string[];
  readonly session?: NonNullable<Approval['session']>;
  readonly if_approved?: NonNullable<Approval['if_approved']>;
}

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

/** What the list of pending approvals shows without reading each of them. */
export interface PendingSummary extends Versioned {
  readonly expires_ms: number;
  readonly created_ms: number;
  readonly tenant?: string;
  readonly principal: string;
  readonly actor: string;
  readonly type: string;
  readonly tool?: string;
  readonly server?: string;
  /** Code of the first reason. */
  readonly reason?: string;
  /** Asked against a denial. */
  readonly appeal?: true;
  /** A yes also makes a standing permission. */
  readonly standing?: true;
  /** Shown together with others of the same tenant, principal, actor and tool. */
  readonly group?: string;
  readonly needed: number;
  readonly votes: number;
  /** When it has to be looked after next: it ends, people are reminded, or further ones are asked. */
  readonly upkeep_ms?: number;
}

function pendingSummary({ binding, action, reasons, ...state }: ApprovalState): PendingSummary {
  const group = groupOf(state.rules ?? []);
  return {
    v: 1,
    expires_ms: state.expires_ms,
    created_ms: state.created_ms,
    ...(binding.tenant === undefined ? {} : { tenant: binding.tenant }),
    principal: binding.principal,
    actor: binding.actor,
    type: action.type,
    ...(action.tool === undefined ? {} : { tool: action.tool }),
    ...(action.server === undefined ? {} : { server: action.server }),
    ...(reasons[0] === undefined ? {} : { reason: reasons[0].code }),
    ...(state.appeal === undefined ? {} : { appeal: true }),
    ...(state.asked_standing === undefined ? {} : { standing: true }),
    ...(group === undefined ? {} : { group }),
    needed: votesNeeded(state.rules ?? []),
    votes: state.votes?.length ?? 0,
    upkeep_ms: nextUpkeepMs(state),
  };
}

function nextUpkeepMs({ created_ms, expires_ms, rules = [], stage = 0, reminded_ms }: PendingTimes): number {
  const steps = rules.flatMap(({ escalate = [] }) => {
    const times = escalate
      .map(({ after_seconds }) => created_ms + after_seconds * 1000)
      .toSorted((a, b) => a - b);
    return times.slice(stage, stage + 1);
  });
  const reminders = rules.flatMap(({ remind_after_seconds: after }) =>
    after === undefined ? [] : [(reminded_ms ?? created_ms) + after * 1000],
  );
  return Math.min(expires_ms, ...steps, ...reminders);
}

type PendingTimes = Pick<ApprovalState, 'created_ms' | 'expires_ms' | 'rules' | 'stage' | 'reminded_ms'>;

/** The summary in a cell below `PENDING_PREFIX`; undefined for one that an earlier version wrote. */
export function readPending(text: string): PendingSummary | undefined {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? (value as PendingSummary) : undefined;
}

/** The id in a key that `Store.scan(PENDING_PREFIX)` gives. */
export function pendingApprovalId(key: string): string {
  return decodeURIComponent(key.slice(PENDING_PREFIX.length));
}
