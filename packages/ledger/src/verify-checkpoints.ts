import type { StoreReader } from '@writ/store';
import { CHECKPOINT_PREFIX, checkpointCell, LATEST_CHECKPOINT_CELL } from './cells.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { readCheckpointFile } from './checkpointer.ts';
import type { NoteVerifier } from './note.ts';
import type { ProblemSink } from './verify-problem.ts';

/** A checkpoint to be held against the log, and where it comes from. */
export interface Claim {
  readonly checkpoint: Checkpoint;
  readonly note: string;
  /** `seen`: remembered by the verifier from before. */
  readonly from: 'log' | 'file' | 'seen';
}

/** Checkpoints by size, the valid ones. What is not valid is told to `problems`. */
export type Claims = ReadonlyMap<number, readonly Claim[]>;

/** Collects every checkpoint there is: those kept in the log's store, the file beside it, the one remembered. */
export function collectClaims(
  reader: StoreReader,
  directory: string,
  verifiers: readonly NoteVerifier[],
  seen: string | undefined,
  problems: ProblemSink,
): Claims {
  const claims = new Map<number, Claim[]>();
  const add = (note: string, from: Claim['from'], what: string): Checkpoint | undefined => {
    const reading = openCheckpoint(note, verifiers);
    if (!reading.ok) {
      problems.add({ code: reading.code, message: `${what} ${FAULTS[reading.code]}` });
      return undefined;
    }
    const { checkpoint } = reading;
    if (!verifiers.some((verifier) => verifier.name === checkpoint.origin)) {
      problems.add({ code: 'checkpoint_origin', message: `${what} is of the log \`${checkpoint.origin}\`` });
      return undefined;
    }
    claims.set(checkpoint.size, [...(claims.get(checkpoint.size) ?? []), { checkpoint, note, from }]);
    return checkpoint;
  };
  for (const [key, note] of reader.scan(CHECKPOINT_PREFIX)) {
    const checkpoint = add(note, 'log', `the checkpoint \`${key}\``);
    if (checkpoint !== undefined && checkpointCell(checkpoint.size) !== key) {
      problems.add({
        code: 'checkpoint_unreadable',
        message: `the checkpoint \`${key}\` is of size ${checkpoint.size}`,
      });
    }
  }
  const latest = reader.read(LATEST_CHECKPOINT_CELL);
  if (latest !== undefined) add(latest, 'log', 'the latest checkpoint');
  const file = readCheckpointFile(directory);
  if (file !== undefined) add(file, 'file', 'the checkpoint file');
  if (seen !== undefined) add(seen, 'seen', 'the checkpoint remembered from before');
  return claims;
}

const FAULTS: Readonly<Record<'checkpoint_unreadable' | 'checkpoint_signature', string>> = {
  checkpoint_unreadable: 'cannot be read',
  checkpoint_signature: 'is not signed by the key of this log',
};
