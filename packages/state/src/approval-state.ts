import type {
  Approval,
  ApprovalRule,
  ApprovalStatus,
  JsonObject,
  Reason,
  StandingTerms,
} from '@writ/decision';
import type { ApprovalBinding } from './approval-binding.ts';
import type { ApprovalVote } from './approval-rule.ts';
import type { Versioned } from './cell.ts';

/** An approval as it is kept. */
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
