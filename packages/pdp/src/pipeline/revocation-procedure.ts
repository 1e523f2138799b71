import type { Json } from '@writ/decision';
import {
  closeLedger,
  derivedSalts,
  ledgerBatchKeys,
  recordEntry,
  sealFields,
  type Trust,
} from '@writ/ledger';
import { type RevocationTarget, restore, revocationKey, revoke } from '@writ/state';
import type { Procedure } from '@writ/store';

/** An agent or principal to be revoked, or restored. */
export interface RevocationRequest {
  readonly target: RevocationTarget;
  readonly event: 'revoked' | 'restored';
  readonly by: string;
  readonly reason: string;
  readonly saltSeed: string;
  readonly trust: Trust;
}

/** Sets or takes away a tombstone and puts it on record in the same transaction; every later commit sees it. */
const revocationProcedure: Procedure<RevocationRequest, { readonly changed: boolean }> = {
  name: 'pdp.revocation',
  keys: ({ target }) => [revocationKey(target)],
  run: (transaction, { target, event, by, reason, saltSeed, trust }) => {
    const before = transaction.get(revocationKey(target));
    if (event === 'revoked') revoke(transaction, target, by, reason);
    else restore(transaction, target);
    const note = { target: target as unknown as Json, by, reason };
    const sealed = sealFields({ note }, derivedSalts(saltSeed));
    recordEntry(transaction, { kind: 'administrative', event }, sealed, trust);
    return { changed: (before === undefined) === (event === 'revoked') };
  },
  afterBatch: closeLedger,
  batchKeys: ledgerBatchKeys,
};

export default revocationProcedure;
