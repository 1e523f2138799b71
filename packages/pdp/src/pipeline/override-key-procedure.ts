import type { Procedure } from '@writ/store';

export interface OverrideKeyRequest {
  /** A private JWK, kept where there is none yet. */
  readonly candidate: string;
}

const KEY_CELL = 'override-key';

/** Gives the key that override tokens are signed with: the first one that any process brought. */
const overrideKeyProcedure: Procedure<OverrideKeyRequest, string> = {
  name: 'pdp.override-key',
  keys: () => [KEY_CELL],
  run: (transaction, { candidate }) => {
    const kept = transaction.get(KEY_CELL);
    if (kept !== undefined) return kept;
    transaction.put(KEY_CELL, candidate);
    return candidate;
  },
};

export default overrideKeyProcedure;
