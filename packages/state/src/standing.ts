import { canonicalJson, type Json, type StandingGrant, type StandingPermission } from '@writ/decision';
import { type Store, scanPages, type Transaction } from '@writ/store';
import { CLOCK_TOLERANCE_MS } from './approval.ts';
import { standingTermsOf } from './approval-rule.ts';
import type { ApprovalState } from './approval-state.ts';
import { type CellReader, readCell, readerOf, type Versioned, writeCell } from './cell.ts';
import { cellKey } from './cell-key.ts';

/** A standing permission: what it covers never changes, only how much of it is left. */
export interface StandingState extends Versioned {
  readonly version: number;
  readonly id: string;
  readonly created_ms: number;
  readonly granted_by: string;
  readonly comment?: string;
  readonly approval_id?: string;
  readonly grant: StandingGrant;
  readonly used: number;
  /** Sum of the amounts, in millionths. */
  readonly amount_millionths: number;
  readonly last_used_ms?: number;
  readonly revoked_by?: string;
}

const MILLION = 1_000_000;

export function standingKey(tenant: string | undefined, id: string): string {
  return cellKey('standing', tenant, id);
}

export function createStanding(
  transaction: Transaction,
  standing: Pick<StandingState, 'id' | 'granted_by' | 'grant' | 'comment' | 'approval_id'>,
): StandingState {
  const key = standingKey(standing.grant.tenant, standing.id);
  if (transaction.get(key) !== undefined) throw new Error('the standing permission exists already');
  const state: StandingState = {
    v: 1,
    version: 1,
    created_ms: transaction.nowMs,
    used: 0,
    amount_millionths: 0,
    ...standing,
  };
  writeCell(transaction, key, state);
  return state;
}

/** What an approval makes beyond its one call: the terms that its question showed, for this caller, tool and reasons. */
export function standingFrom(
  { binding, action, reasons, appeal, rules = [], asked_standing: shown }: ApprovalState,
  nowMs: number,
): StandingGrant | undefined {
  const terms = standingTermsOf(rules);
  const { principal, actor } = binding;
  const { tool, server } = action;
  if (terms === undefined || shown === undefined || tool === undefined) return undefined;
  // A name that ends like a pattern would cover others.
  if ([principal, actor, tool, server].some((name) => name?.endsWith('*') === true)) return undefined;
  // The rules of the moment may say more than the question did: whoever said yes did not see that.
  if (canonicalJson(shown as unknown as Json) !== canonicalJson(terms as unknown as Json)) return undefined;
  const { uses, seconds, amount, arguments: conditions, other_arguments } = terms;
  return {
    ...(binding.tenant === undefined ? {} : { tenant: binding.tenant }),
    principal,
    actor,
    type: action.type,
    tool,
    ...(server === undefined ? {} : { server }),
    ...(appeal === undefined ? {} : { appeal: true as const }),
    ...(binding.tool_digest === undefined ? {} : { tool_digest: binding.tool_digest }),
    codes: [...new Set(reasons.map(({ code }) => code))],
    ...(conditions === undefined
      ? { call: { arg_hash: binding.arg_hash, forwarded_hash: binding.forwarded_hash } }
      : { arguments: conditions }),
    ...(other_arguments === undefined ? {} : { other_arguments }),
    uses,
    ...(amount === undefined ? {} : { amount }),
    expires_at: new Date(nowMs + seconds * 1000).toISOString(),
  };
}

/** What a permission is at `nowMs`. */
export function standingStatus(state: StandingState, nowMs: number): StandingPermission['status'] {
  if (state.revoked_by !== undefined) return 'revoked';
  if (!(Date.parse(state.grant.expires_at) > nowMs)) return 'expired';
  return state.used >= state.grant.uses ? 'used_up' : 'active';
}

/** Whether one more call of this amount is left; asked again in the transaction that takes it. */
export function hasLeft(state: StandingState, amount: number | undefined, nowMs: number): boolean {
  if (standingStatus(state, nowMs) !== 'active') return false;
  const { amount: limit } = state.grant;
  if (limit === undefined) return true;
  return amount !== undefined && state.amount_millionths + millionths(amount) <= millionths(limit);
}

/** Whether a call may be taken from the permission in this transaction; changes nothing. */
export function mayTakeStanding(transaction: Transaction, key: string, amount: number | undefined): boolean {
  if ((transaction.clockSteppedBackMs ?? 0) > CLOCK_TOLERANCE_MS) return false;
  const state = readStanding(readerOf(transaction), key);
  return state !== undefined && hasLeft(state, amount, transaction.nowMs);
}

/** Takes one call from a permission that `mayTakeStanding` found to have one left. */
export function takeStanding(
  transaction: Transaction,
  key: string,
  amount: number | undefined,
): StandingState {
  const state = readStanding(readerOf(transaction), key);
  if (state === undefined || !mayTakeStanding(transaction, key, amount))
    throw new Error('the standing permission was there and is not any more');
  const next: StandingState = {
    ...state,
    version: state.version + 1,
    used: state.used + 1,
    amount_millionths: state.amount_millionths + (amount === undefined ? 0 : millionths(amount)),
    last_used_ms: transaction.nowMs,
  };
  writeCell(transaction, key, next);
  return next;
}

/** Ends a permission; undefined where there is none, or it has ended. */
export function revokeStanding(transaction: Transaction, key: string, by: string): StandingState | undefined {
  const state = readStanding(readerOf(transaction), key);
  if (state === undefined || state.revoked_by !== undefined) return undefined;
  const next = { ...state, version: state.version + 1, revoked_by: by };
  writeCell(transaction, key, next);
  return next;
}

export function readStanding(read: CellReader, key: string): StandingState | undefined {
  return readCell<StandingState>(read, key);
}

/** The permissions of one tenant, the oldest first, with their cells. */
export async function standingOf(
  store: Pick<Store, 'scan'>,
  tenant: string | undefined,
): Promise<readonly (readonly [key: string, state: StandingState])[]> {
  return standingBelow(store, `${cellKey('standing', tenant)}/`);
}

/** The permissions of all tenants. */
export async function allStanding(store: Pick<Store, 'scan'>): Promise<readonly StandingState[]> {
  return (await standingBelow(store, 'standing/')).map(([, state]) => state);
}

async function standingBelow(store: Pick<Store, 'scan'>, prefix: string) {
  const found: (readonly [key: string, state: StandingState])[] = [];
  for await (const page of scanPages(store, prefix)) {
    for (const [key, text] of page) {
      const state = readStanding(() => text, key);
      if (state !== undefined) found.push([key, state]);
    }
  }
  return found;
}

/** The permission as people see it. */
export function toStanding(state: StandingState, nowMs: number): StandingPermission {
  const { id, created_ms, granted_by, comment, approval_id, grant, used, last_used_ms, revoked_by } = state;
  return {
    ...grant,
    id,
    status: standingStatus(state, nowMs),
    created_at: new Date(created_ms).toISOString(),
    granted_by,
    ...(comment === undefined ? {} : { comment }),
    ...(approval_id === undefined ? {} : { approval_id }),
    used,
    ...(grant.amount === undefined ? {} : { amount_used: state.amount_millionths / MILLION }),
    ...(last_used_ms === undefined ? {} : { last_used_at: new Date(last_used_ms).toISOString() }),
    ...(revoked_by === undefined ? {} : { revoked_by }),
  };
}

function millionths(amount: number): number {
  return Math.round(amount * MILLION);
}
