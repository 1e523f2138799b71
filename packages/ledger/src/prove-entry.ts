import { openStoreReader, type Store, type StoreReader } from '@writ/store';
import { LATEST_CHECKPOINT_CELL } from './cells.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { parseNote } from './note.ts';
import { inclusionProof } from './proof.ts';
import { storedTree, withTree } from './tiles.ts';
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

/** The same from an open store, whichever back end it has. Rejects with the store's error. */
export async function proveStoredEntry(store: Store, index: number): Promise<EntryProof> {
  // The checkpoint first: the tree only grows, so that it holds what was signed before.
  const checkpoint = await latestCheckpoint(store);
  const size = signedSize(checkpoint);
  if (checkpoint === undefined || size === undefined || index >= size) return notSigned(index);
  const [stored] = await store.entries(index, index + 1);
  if (stored === undefined) return { ok: false, message: `entry ${index} is missing` };
  const hashes = await withTree(
    (cell) => store.read(cell),
    (node) => inclusionProof(node, index, size),
  );
  return { ok: true, proof: { index, leaf: stored.leaf, hashes, checkpoint } };
}

/** The newest signed checkpoint of an open store, as a signed note; undefined where nothing is signed yet. */
export function latestCheckpoint(store: Pick<Store, 'read'>): Promise<string | undefined> {
  return store.read(LATEST_CHECKPOINT_CELL);
}

function signedSize(checkpoint: string | undefined): number | undefined {
  return checkpoint === undefined ? undefined : parseCheckpoint(parseNote(checkpoint)?.text ?? '')?.size;
}

function notSigned(index: number): EntryProof {
  return { ok: false, message: `entry ${index} is not signed yet, or is not there` };
}

function proofFrom(reader: StoreReader, index: number): EntryProof {
  const checkpoint = reader.read(LATEST_CHECKPOINT_CELL);
  const size = signedSize(checkpoint);
  if (checkpoint === undefined || size === undefined || index >= size) return notSigned(index);
  const { node } = storedTree((cell) => reader.read(cell));
  for (const { leaf } of reader.entries(index, index + 1))
    return { ok: true, proof: { index, leaf, hashes: inclusionProof(node, index, size), checkpoint } };
  return { ok: false, message: `entry ${index} is missing` };
}
