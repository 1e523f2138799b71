import { createHash } from 'node:crypto';

/** RFC 6962, 2.1 as it is written there, over whole lists: slow, and independent of what it checks. */
export function naiveRoot(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest();
  if (leaves.length === 1) return sha256([0], leaves[0]!);
  const split = largestPowerBelow(leaves.length);
  return sha256([1], naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)));
}

/** PATH(m, D[n]). */
export function naivePath(index: number, leaves: readonly Uint8Array[]): Buffer[] {
  if (leaves.length === 1) return [];
  const split = largestPowerBelow(leaves.length);
  return index < split
    ? [...naivePath(index, leaves.slice(0, split)), naiveRoot(leaves.slice(split))]
    : [...naivePath(index - split, leaves.slice(split)), naiveRoot(leaves.slice(0, split))];
}

/** PROOF(m, D[n]) by SUBPROOF. */
export function naiveConsistency(from: number, leaves: readonly Uint8Array[]): Buffer[] {
  return from === 0 || from === leaves.length ? [] : subProof(from, leaves, true);
}

function subProof(from: number, leaves: readonly Uint8Array[], whole: boolean): Buffer[] {
  if (from === leaves.length) return whole ? [] : [naiveRoot(leaves)];
  const split = largestPowerBelow(leaves.length);
  return from <= split
    ? [...subProof(from, leaves.slice(0, split), whole), naiveRoot(leaves.slice(split))]
    : [...subProof(from - split, leaves.slice(split), false), naiveRoot(leaves.slice(0, split))];
}

function largestPowerBelow(count: number): number {
  return 2 ** (Math.ceil(Math.log2(count)) - 1);
}

function sha256(prefix: readonly number[], ...parts: readonly Uint8Array[]): Buffer {
  const digest = createHash('sha256').update(Uint8Array.from(prefix));
  for (const part of parts) digest.update(part);
  return digest.digest();
}
