import type { Procedure } from '@writ/store';
import { LATEST_COSIGNED_CELL } from './cells.ts';
import type { KeepCheckpointRequest } from './checkpoint-procedure.ts';

/** Keeps the newest checkpoint with what witnesses added to it. */
const cosignProcedure: Procedure<KeepCheckpointRequest, null> = {
  name: 'ledger.cosign',
  keys: () => [LATEST_COSIGNED_CELL],
  run: (transaction, { size, note }) => {
    if (size > transaction.logSize) throw new RangeError('the checkpoint is ahead of the log');
    transaction.put(LATEST_COSIGNED_CELL, note);
    return null;
  },
};

export default cosignProcedure;
