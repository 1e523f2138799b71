import { type NodeReader, rangeHash, splitOf } from '../proof.ts';
import { nodeHash } from '../tree-hash.ts';

/**
 * The hashes that, with the leaves from `first` to `end`, give the root of the tree of `size` leaves: one for each
 * largest subtree (RFC 6962, 2.1) that holds none of them, from left to right. Together with the leaves it shows that
 * these are all leaves at these positions, which no set of inclusion proofs does shorter.
 */
export function rangeProof(node: NodeReader, first: number, end: number, size: number): Uint8Array[] {
  checkRange(first, end, size);
  const hashes: Uint8Array[] = [];
  const visit = (from: number, to: number): void => {
    if (to <= first || from >= end) hashes.push(rangeHash(node, from, to));
    else if (from < first || to > end) {
      const middle = from + splitOf(to - from);
      visit(from, middle);
      visit(middle, to);
    }
  };
  visit(0, size);
  return hashes;
}

/** Root of the tree of `size` leaves of which these stand from `first` on; undefined where the proof does not fit. */
export function rangeRoot(
  leafHashes: readonly Uint8Array[],
  first: number,
  size: number,
  proof: readonly Uint8Array[],
): Uint8Array | undefined {
  const end = first + leafHashes.length;
  if (!Number.isSafeInteger(size) || first < 0 || end > size || leafHashes.length === 0) return undefined;
  let used = 0;
  const rootOf = (from: number, to: number): Uint8Array | undefined => {
    if (to <= first || from >= end) {
      used += 1;
      return proof[used - 1];
    }
    if (to - from === 1) return leafHashes[from - first];
    const middle = from + splitOf(to - from);
    const left = rootOf(from, middle);
    const right = rootOf(middle, to);
    return left === undefined || right === undefined ? undefined : nodeHash(left, right);
  };
  const root = rootOf(0, size);
  return used === proof.length ? root : undefined;
}

function checkRange(first: number, end: number, size: number): void {
  if (!Number.isSafeInteger(first) || first < 0 || first >= end || end > size) {
    throw new RangeError(`entries ${first} to ${end} are not in a tree of ${size}`);
  }
}
