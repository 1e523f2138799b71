import { groupOf, votesNeeded } from './approval-rule.ts';
import { nextUpkeepMs } from './approval-schedule.ts';
import type { ApprovalState } from './approval-state.ts';
import type { Versioned } from './cell.ts';
import { cellKey } from './cell-key.ts';

/** Prefix of the cells that list what waits for a person. */
export const PENDING_PREFIX = 'approval-pending/';

/** The cell of one approval in the list of what waits. */
export function pendingKey(id: string): string {
  return cellKey('approval-pending', id);
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

/** What the list shows of an approval. */
export function pendingSummary({ binding, action, reasons, ...state }: ApprovalState): PendingSummary {
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

/** The summary in a cell below `PENDING_PREFIX`; undefined for one that an earlier version wrote. */
export function readPending(text: string): PendingSummary | undefined {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? (value as PendingSummary) : undefined;
}

/** The id in a key that `Store.scan(PENDING_PREFIX)` gives. */
export function pendingApprovalId(key: string): string {
  return decodeURIComponent(key.slice(PENDING_PREFIX.length));
}
