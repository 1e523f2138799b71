import type { Json } from '@writ/decision';
import {
  closeLedger,
  derivedSalts,
  ledgerBatchKeys,
  recordEntry,
  sealFields,
  type Trust,
} from '@writ/ledger';
import { type HaltTarget, haltKey, liftHalt, setHalt } from '@writ/state';
import type { Procedure } from '@writ/store';

/** A halt to be set or lifted. */
export interface HaltRequest {
  readonly target: HaltTarget;
  readonly event: 'halted' | 'resumed';
  readonly by: string;
  readonly reason: string;
  readonly saltSeed: string;
  readonly trust: Trust;
}

/** Sets or lifts a halt and puts it on record in the same transaction; every later commit sees it. */
const haltProcedure: Procedure<HaltRequest, { readonly changed: boolean }> = {
  name: 'pdp.halt',
  keys: ({ target }) => [haltKey(target)],
  run: (transaction, { target, event, by, reason, saltSeed, trust }) => {
    const before = transaction.get(haltKey(target));
    if (event === 'halted') setHalt(transaction, target, by, reason);
    else liftHalt(transaction, target);
    const note = { target: target as unknown as Json, by, reason };
    recordEntry(transaction, { kind: 'halt', event }, sealFields({ note }, derivedSalts(saltSeed)), trust);
    return { changed: (before === undefined) === (event === 'halted') };
  },
  afterBatch: closeLedger,
  batchKeys: ledgerBatchKeys,
};

export default haltProcedure;
