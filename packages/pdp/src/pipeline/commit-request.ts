import type { Decision, Json, Reason } from '@writ/decision';
import type { EntryCore, Sealed, Trust } from '@writ/ledger';
import type { ApprovalBinding, ApprovalState, BudgetRequest, Gathered, StateSubject } from '@writ/state';

/** An approval that this call wants to use up. */
export interface ApprovalUse {
  readonly id: string;
  readonly binding: ApprovalBinding;
}

/** An approval to be asked for where the decision escalates. */
export interface ApprovalDraft {
  readonly id: string;
  readonly lifeMs: number;
  readonly binding: ApprovalBinding;
  readonly action: ApprovalState['action'];
  readonly reasons: readonly Reason[];
  /** Cell that names the pending approval for this very call, so that asking again does not ask people again. */
  readonly pendingCell: string;
  /** What that cell named when this call was prepared. */
  readonly pendingId?: string;
}

/** A decision to be made durable, with everything that the transaction has to check and to write. */
export interface CommitRequest {
  /** The decision as policies left it. */
  readonly draft: Decision;
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
  /** Attached to the session when the effect proceeds. */
  readonly labels: readonly string[];
  readonly tool?: string;
  /** Whether the draft rests on a right that ends with time: an approval or an override. */
  readonly timeBound: boolean;
  readonly use?: ApprovalUse;
  readonly ask?: ApprovalDraft;
  /** What completing the call needs again. */
  readonly note: Json;
  readonly record: RecordDraft;
}

/** The entry of the record, as far as it is known before the transaction. */
export interface RecordDraft {
  readonly core: EntryCore;
  readonly sealed: Sealed;
  /** Random text that salts of fields found inside the transaction derive from. */
  readonly saltSeed: string;
  readonly trust: Trust;
}

export type CommitResult =
  | {
      readonly kind: 'decided';
      readonly index: number;
      /** The whole decision where the transaction changed it; absent where the draft stands. */
      readonly changed?: Decision;
    }
  /** The same call came before: its decision. Nothing was written. */
  | { readonly kind: 'repeat'; readonly decision: Decision }
  /** What policies were told is no longer so. Nothing was written. */
  | { readonly kind: 'conflict'; readonly facts: readonly string[] };
