import type { Procedure } from '@writ/store';
import { checkpointCell, LATEST_CHECKPOINT_CELL } from './cells.ts';

/** A signed checkpoint to be kept with the log. */
export interface KeepCheckpointRequest {
  readonly size: number;
  readonly note: string;
}

/** Keeps a checkpoint; one of the same size that is there already stays. */
const checkpointProcedure: Procedure<KeepCheckpointRequest, { readonly note: string }> = {
  name: 'ledger.checkpoint',
  keys: ({ size }) => [checkpointCell(size), LATEST_CHECKPOINT_CELL],
  run: (transaction, { size, note }) => {
    if (size > transaction.logSize) throw new RangeError('the checkpoint is ahead of the log');
    const kept = transaction.get(checkpointCell(size)) ?? note;
    transaction.put(checkpointCell(size), kept);
    transaction.put(LATEST_CHECKPOINT_CELL, kept);
    return { note: kept };
  },
};

export default checkpointProcedure;
