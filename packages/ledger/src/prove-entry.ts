import { openStoreReader, type StoreReader } from '@writ/store';
import { LATEST_CHECKPOINT_CELL } from './cells.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { parseNote } from './note.ts';
import { inclusionProof } from './proof.ts';
import { storedTree } from './tiles.ts';
import type { TlogProof } from './tlog-proof.ts';

export type EntryProof =
  | { readonly ok: true; readonly proof: TlogProof }
  | { readonly ok: false; readonly message: string };

/** One entry of a data directory with its inclusion in the newest signed tree. */
export function proveEntry(directory: string, index: number): EntryProof {
  let reader: StoreReader | undefined;
  try {
    reader = openStoreReader(directory);
    return proofFrom(reader, index);
  } catch (cause) {
    return { ok: false, message: cause instanceof Error ? cause.message : String(cause) };
  } finally {
    reader?.close();
  }
}

function proofFrom(reader: StoreReader, index: number): EntryProof {
  const checkpoint = reader.read(LATEST_CHECKPOINT_CELL);
  const size =
    checkpoint === undefined ? undefined : parseCheckpoint(parseNote(checkpoint)?.text ?? '')?.size;
  if (checkpoint === undefined || size === undefined || index >= size)
    return { ok: false, message: `entry ${index} is not signed yet, or is not there` };
  const { node } = storedTree((cell) => reader.read(cell));
  for (const { leaf } of reader.entries(index, index + 1))
    return { ok: true, proof: { index, leaf, hashes: inclusionProof(node, index, size), checkpoint } };
  return { ok: false, message: `entry ${index} is missing` };
}
