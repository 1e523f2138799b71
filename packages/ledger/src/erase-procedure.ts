import type { Procedure } from '@writ/store';
import { closeLedger, ledgerBatchKeys, recordEntry } from './append.ts';
import { ERASURES_CELL } from './cells.ts';
import type { EntryCore, Trust } from './entry.ts';
import type { Sealed } from './seal.ts';

/** What is left beside some entries, and the entry that records what went. */
export interface EraseRequest {
  /** Value of the cell of erasures when the entries were read; null for none. */
  readonly expected: string | null;
  readonly details: readonly (readonly [index: number, detail: string])[];
  readonly core: EntryCore;
  readonly sealed: Sealed;
  readonly trust: Trust;
}

export type EraseResult = { readonly ok: true; readonly index: number } | { readonly ok: false };

/** Erases and records it in one transaction; does nothing where another erasure came between. */
const eraseProcedure: Procedure<EraseRequest, EraseResult> = {
  name: 'ledger.erase',
  keys: () => [ERASURES_CELL],
  run: (transaction, { expected, details, core, sealed, trust }) => {
    const before = transaction.get(ERASURES_CELL);
    if ((before ?? null) !== expected) return { ok: false };
    for (const [index, detail] of details) transaction.replaceDetail(index, detail);
    transaction.put(ERASURES_CELL, String(Number(before ?? 0) + 1));
    return { ok: true, index: recordEntry(transaction, core, sealed, trust) };
  },
  afterBatch: closeLedger,
  batchKeys: ledgerBatchKeys,
};

export default eraseProcedure;
