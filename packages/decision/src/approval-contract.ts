/** The parts of the contract that say what an approval is, beside the call that it is about. */

import type { StandingTerms } from './standing-terms.ts';

/** The approval that an escalated call waits for, as its caller is told. */
export interface PendingApproval {
  readonly id: string;
  readonly status: ApprovalStatus;
  readonly expires_at: string;
  /** Where people are asked: names of channels, by commas. */
  readonly approver_channel?: string;
  /** Its place among what waits for people in its tenant, from 1; absent beyond the first thousand. */
  readonly pending_queue_pos?: number;
  /** How long people have had the question. */
  readonly age_seconds?: number;
}

export const APPROVAL_STATUSES = ['pending', 'approved', 'denied', 'expired', 'cancelled', 'used'] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

/** One line of an actor's past with a tool. */
export interface RecentDecision {
  readonly decision_id: string;
  /** RFC 3339. */
  readonly time: string;
  readonly outcome: string;
  /** Code of the first reason. */
  readonly reason?: string;
}

/**
 * Who may approve a call, as an entrypoint of kind `approvers` answers. Without `approvers` and `groups` any approver
 * may; nobody may who is the principal, the actor or in the chain of delegation, whatever stands here.
 */
export interface ApprovalRule {
  /** How many different people have to say yes; 1 by default. 0: nobody has to be asked. */
  readonly needed?: number;
  /** Ids of people. */
  readonly approvers?: readonly string[];
  readonly groups?: readonly string[];
  /** Duties that must be separate: a different person of each of these groups. */
  readonly each_of?: readonly string[];
  /** Ids of people who may not. */
  readonly excluded?: readonly string[];
  /** How long the question waits, in place of the service's own time. */
  readonly ttl_seconds?: number;
  readonly remind_after_seconds?: number;
  /** A yes also makes a standing permission, of which the person is told before. */
  readonly standing?: StandingTerms;
  /** Questions with one text here are shown to people as one; each is judged as the call that it is about. */
  readonly group?: string;
  /** Groups that are asked too once the question is this old. */
  readonly escalate?: readonly { readonly after_seconds: number; readonly groups: readonly string[] }[];
}

/** A yes that was given, of several that may be needed. */
export interface ApprovalVoteShown {
  readonly by: string;
  /** Who is away and named `by` as delegate. */
  readonly on_behalf_of?: string;
  readonly at: string;
  readonly channel: string;
  readonly comment?: string;
}
