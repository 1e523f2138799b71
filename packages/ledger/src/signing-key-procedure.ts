import type { Procedure } from '@writ/store';
import { SIGNING_KEY_CELL } from './cells.ts';

export interface SigningKeyRequest {
  /** Public key in its text form. */
  readonly key: string;
  /** The key in whose place it comes; only where that one is kept. */
  readonly instead?: string;
}

/** Keeps the one public key that a cluster's log is signed with: the first that any node brought. Gives what is kept. */
const signingKeyProcedure: Procedure<SigningKeyRequest, string> = {
  name: 'ledger.signing-key',
  keys: () => [SIGNING_KEY_CELL],
  run: (transaction, { key, instead }) => {
    const kept = transaction.get(SIGNING_KEY_CELL);
    if (kept !== undefined && kept !== instead) return kept;
    transaction.put(SIGNING_KEY_CELL, key);
    return key;
  },
};

export default signingKeyProcedure;
