import { openCheckpoint } from './checkpoint.ts';
import type { NoteVerifier } from './note.ts';
import { verifyInclusion } from './proof.ts';
import { HASH_BYTES, leafHash } from './tree-hash.ts';

/** One entry with its inclusion in a signed tree: all that is needed to verify it offline (C2SP tlog-proof). */
export interface TlogProof {
  readonly index: number;
  /** The entry's bytes, as extra data. */
  readonly leaf: Uint8Array;
  readonly hashes: readonly Uint8Array[];
  readonly checkpoint: string;
}

const HEADER = 'c2sp.org/tlog-proof@v1';

export function formatTlogProof({ index, leaf, hashes, checkpoint }: TlogProof): string {
  const lines = [HEADER, `extra ${base64(leaf)}`, `index ${index}`, ...hashes.map(base64)];
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** Reads a proof file that holds its entry; undefined where it is none. */
export function parseTlogProof(text: string): TlogProof | undefined {
  const split = text.indexOf('\n\n');
  if (split < 0) return undefined;
  const [header, extra = '', index = '', ...hashes] = text.slice(0, split).split('\n');
  const leaf = extra.startsWith('extra ') ? bytesOf(extra.slice(6)) : undefined;
  const position = /^index (0|[1-9]\d{0,15})$/.exec(index)?.[1];
  const read = hashes.map(bytesOf);
  if (header !== HEADER || leaf === undefined || position === undefined) return undefined;
  if (!read.every((hash) => hash !== undefined && hash.byteLength === HASH_BYTES)) return undefined;
  return {
    index: Number(position),
    leaf,
    hashes: read as Uint8Array[],
    checkpoint: text.slice(split + 2),
  };
}

/** Whether the proof's entry stands at its position in a tree that one of these keys signed. */
export function verifyTlogProof(proof: TlogProof, verifiers: readonly NoteVerifier[]): boolean {
  const reading = openCheckpoint(proof.checkpoint, verifiers);
  if (!reading.ok || !verifiers.some(({ name }) => name === reading.checkpoint.origin)) return false;
  const { size, root } = reading.checkpoint;
  return verifyInclusion(leafHash(proof.leaf), proof.index, size, proof.hashes, root);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function bytesOf(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
