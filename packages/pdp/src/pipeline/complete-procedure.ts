import type { CompleteCall, Json } from '@writ/decision';
import {
  closeLedger,
  type EntryCore,
  ledgerBatchKeys,
  recordEntry,
  type Sealed,
  type Trust,
} from '@writ/ledger';
import { completeDecision, completionKeys, type OpenDecision } from '@writ/state';
import type { Procedure } from '@writ/store';

/** What became of an effect, to be settled and recorded. */
export interface CompleteRequest {
  readonly decisionId: string;
  /** The open decision as it was read: it names the cells that completing touches. */
  readonly open: OpenDecision;
  readonly status: CompleteCall['status'];
  readonly usage?: { readonly tokens?: number; readonly cost?: number };
  /** Verdict on the result, kept for repetitions. */
  readonly answer: Json;
  readonly core: EntryCore;
  readonly sealed: Sealed;
  readonly trust: Trust;
}

export type CompleteResult =
  | { readonly kind: 'completed'; readonly index: number }
  /** It was completed before; nothing was written. */
  | { readonly kind: 'repeat'; readonly answer: Json }
  | { readonly kind: 'unknown' };

/** Settles what a decision reserved and records what became of it, once. */
const completeProcedure: Procedure<CompleteRequest, CompleteResult> = {
  name: 'pdp.complete',
  keys: ({ decisionId, open }) => completionKeys(decisionId, open),
  run: (transaction, { decisionId, status, usage, answer, core, sealed, trust }) => {
    const closed = completeDecision(transaction, {
      decision_id: decisionId,
      status,
      answer,
      ...(usage === undefined ? {} : { usage }),
    });
    if (closed.kind === 'unknown' || closed.kind === 'repeat') return closed;
    return { kind: 'completed', index: recordEntry(transaction, core, sealed, trust) };
  },
  afterBatch: closeLedger,
  batchKeys: ledgerBatchKeys,
};

export default completeProcedure;
