import type { Procedure } from '@writ/store';
import { checkpointCell, LATEST_CHECKPOINT_CELL, rotationCell } from './cells.ts';

/** A signed checkpoint to be kept with the log. */
export interface KeepCheckpointRequest {
  readonly size: number;
  readonly note: string;
  /** Index of the entry that names the key which signed this checkpoint beside the one before. */
  readonly rotation?: number;
}

/** Keeps a checkpoint; one of the same size that is there already stays. */
const checkpointProcedure: Procedure<KeepCheckpointRequest, { readonly note: string }> = {
  name: 'ledger.checkpoint',
  keys: ({ size, rotation }) => [
    checkpointCell(size),
    LATEST_CHECKPOINT_CELL,
    ...(rotation === undefined ? [] : [rotationCell(rotation)]),
  ],
  run: (transaction, { size, note, rotation }) => {
    if (size > transaction.logSize) throw new RangeError('the checkpoint is ahead of the log');
    const kept = transaction.get(checkpointCell(size)) ?? note;
    transaction.put(checkpointCell(size), kept);
    transaction.put(LATEST_CHECKPOINT_CELL, kept);
    if (rotation !== undefined) transaction.put(rotationCell(rotation), kept);
    return { note: kept };
  },
};

export default checkpointProcedure;
