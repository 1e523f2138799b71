import type { Procedure } from '@writ/store';
import { closeLedger, ledgerBatchKeys, recordEntry } from './append.ts';
import type { EntryCore, Trust } from './entry.ts';
import type { Sealed } from './seal.ts';

/** Entries to be recorded together, for what changes no state: start, stop, activations, reports. */
export interface AppendRequest {
  readonly entries: readonly { readonly core: EntryCore; readonly sealed: Sealed }[];
  readonly trust: Trust;
}
export interface AppendResult {
  /** Index of the first entry. */
  readonly index: number;
  readonly time_ms: number;
}

const appendProcedure: Procedure<AppendRequest, AppendResult> = {
  name: 'ledger.append',
  keys: () => [],
  run: (transaction, request) => {
    const index = transaction.logSize;
    for (const { core, sealed } of request.entries) recordEntry(transaction, core, sealed, request.trust);
    return { index, time_ms: transaction.nowMs };
  },
  afterBatch: closeLedger,
  batchKeys: ledgerBatchKeys,
};

export default appendProcedure;
