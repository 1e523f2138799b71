import {
  type ApprovalRule,
  type Decision,
  isReasonCodeOfWrit,
  type Json,
  REASON_TABLE,
  type Reason,
} from '@writ/decision';
import type { Trust } from '@writ/ledger';
import type {
  ApprovalBinding,
  ApprovalDetails,
  ApprovalState,
  BudgetRequest,
  Gathered,
  RateRequest,
  StateSubject,
} from '@writ/state';
import type { ProvenStepUp } from './prove-step-up.ts';

/** An approval that this call wants to use up. */
export interface ApprovalUse {
  readonly id: string;
  readonly binding: ApprovalBinding;
  /** Channels that are told that it is used. */
  readonly channels: readonly string[];
  /** Id of the override token that it was brought by. */
  readonly tokenId?: string;
}

/** One call of a standing permission. */
export interface StandingUse {
  readonly key: string;
  readonly id: string;
  readonly amount?: number;
}

/** An approval to be asked for where the decision escalates. */
export interface ApprovalDraft {
  readonly id: string;
  readonly lifeMs: number;
  readonly binding: ApprovalBinding;
  readonly action: ApprovalState['action'];
  readonly reasons: readonly Reason[];
  readonly details?: ApprovalDetails;
  readonly rules?: readonly ApprovalRule[];
  /** The cell of the group that the question is shown in, and what it named when this call was prepared. */
  readonly group?: { readonly key: string; readonly known?: string };
  /** Asked against a denial. */
  readonly appeal?: NonNullable<ApprovalState['appeal']>;
  /** Its place among what waits for people in its tenant, from 1; absent where more wait than are counted. */
  readonly position?: number;
  /** Channels by which people are asked. */
  readonly channels: readonly string[];
  /** Cell that names the pending approval for this very call, so that asking again does not ask people again. */
  readonly pendingCell: string;
  /** What that cell named when this call was prepared. */
  readonly pendingId?: string;
}

/** A decision to be made durable, with everything that the transaction has to check and to write. */
export interface CommitRequest {
  /** The decision as policies left it, as JSON text: opened only where the transaction changes it. */
  readonly draft: string;
  readonly brief: DecisionBrief;
  readonly subject: StateSubject;
  /** Whether the call counts in its session and budgets: not where the request could not be believed. */
  readonly counted: boolean;
  /** Digest of all that the call asks: for repetitions and for the circuit breaker. */
  readonly callDigest: string;
  /** Cell of the idempotency key. */
  readonly idempotencyCell?: string;
  /** Facts of the state that policies were told, to be compared before anything is written. */
  readonly gathered?: Pick<Gathered, 'facts' | 'expected'>;
  /** Every budget that applies, for the comparison of what was gathered and for the reservation. */
  readonly budgets: readonly BudgetRequest[];
  /** Rates of the capability that the call has to keep to. */
  readonly rates: readonly RateRequest[];
  /** Ids of the delegation, from the first delegator to the actor; absent where nobody delegated. */
  readonly chain?: readonly string[];
  /** Attached to the session when the effect proceeds. */
  readonly labels: readonly string[];
  readonly tool?: string;
  /** Whether the draft rests on a right that ends with time: an approval or an override. */
  readonly timeBound: boolean;
  readonly use?: ApprovalUse;
  /** A standing permission that one call is taken from. */
  readonly standing?: StandingUse;
  /** A proven step-up that the draft rests on. */
  readonly stepUp?: Pick<ProvenStepUp, 'methods' | 'bind'>;
  readonly ask?: ApprovalDraft;
  /** What completing the call needs again. */
  readonly note: Json;
  /** The entry of the record as it is where the transaction changes nothing (`EntryDraft`). */
  readonly leaf: string;
  readonly detail: string;
  /** Random text that salts of fields found inside the transaction derive from. */
  readonly saltSeed: string;
  readonly trust: Trust;
}

/** What the transaction needs to know of a decision in any case. */
export interface DecisionBrief {
  readonly decision_id: string;
  readonly outcome: Decision['outcome'];
  readonly effect: Decision['effect'];
  /** Code of the first reason. */
  readonly reason: string;
  readonly observed: boolean;
  /** A refusal for a fault that may be gone a moment later: asking again with the same key asks anew. */
  readonly passing: boolean;
}

export function briefOf({
  decision_id,
  outcome,
  effect,
  reason,
  reasons,
  metadata,
}: Decision): DecisionBrief {
  const faulty = ({ code }: Reason) =>
    isReasonCodeOfWrit(code) && REASON_TABLE[code].category === 'unavailable';
  const passing = effect === 'refuse' && (reason === 'rate_limited' || reasons.some(faulty));
  return { decision_id, outcome, effect, reason, observed: metadata.mode === 'observe', passing };
}

export type CommitResult =
  | {
      readonly kind: 'decided';
      readonly index: number;
      /** Hash of the entry's leaf, base64, where it has no place in the log yet. */
      readonly leaf?: string;
      /** The whole decision where the transaction changed it; absent where the draft stands. */
      readonly changed?: Decision;
      /** The cells of what was gathered, as this commit leaves them; null where there is none. */
      readonly cells?: readonly (readonly [key: string, text: string | null])[];
    }
  /** The same call came before: its decision. Nothing was written. */
  | { readonly kind: 'repeat'; readonly decision: Decision }
  /** What policies were told is no longer so. Nothing was written. */
  | { readonly kind: 'conflict'; readonly facts: readonly string[] };
