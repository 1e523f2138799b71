import { EMPTY_ROOT, equalHashes, nodeHash } from './tree-hash.ts';

/** Gives the root of the perfect subtree that stands at `index` (from 0) among those of 2^level leaves. */
export type NodeReader = (level: number, index: number) => Uint8Array;

/** Root of the first `size` leaves. */
export function treeRoot(node: NodeReader, size: number): Uint8Array {
  return size === 0 ? EMPTY_ROOT : rangeHash(node, 0, size);
}

/** The hashes that lead from leaf `index` to the root at `size` (RFC 6962, 2.1.1), nearest the leaf first. */
export function inclusionProof(node: NodeReader, index: number, size: number): Uint8Array[] {
  checkRange(index, size);
  const path: Uint8Array[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    if (index < middle) {
      path.push(rangeHash(node, middle, end));
      end = middle;
    } else {
      path.push(rangeHash(node, start, middle));
      start = middle;
    }
  }
  return path.reverse();
}

/** The hashes that show that the tree of `from` leaves is the beginning of the tree of `to` (RFC 6962, 2.1.2). */
export function consistencyProof(node: NodeReader, from: number, to: number): Uint8Array[] {
  if (!Number.isSafeInteger(from) || from < 0 || from > to) throw new RangeError('sizes are out of order');
  return from === 0 || from === to ? [] : subProof(node, from, 0, to, true);
}

function subProof(node: NodeReader, from: number, start: number, end: number, whole: boolean): Uint8Array[] {
  if (from === end - start) return whole ? [] : [rangeHash(node, start, end)];
  const split = splitOf(end - start);
  if (from <= split) {
    return [...subProof(node, from, start, start + split, whole), rangeHash(node, start + split, end)];
  }
  return [...subProof(node, from - split, start + split, end, false), rangeHash(node, start, start + split)];
}

/** Whether `proof` leads from the leaf's hash at `index` to `root` (RFC 9162, 2.1.3.2). */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  let position = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      hash = nodeHash(sibling, hash);
      while (position % 2 === 0 && position !== 0) [position, last] = [half(position), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [position, last] = [half(position), half(last)];
  }
  return last === 0 && equalHashes(hash, root);
}

/** Whether `proof` shows that `fromRoot` at size `from` is the beginning of `toRoot` at `to` (RFC 9162, 2.1.4.2). */
export function verifyConsistency(
  from: number,
  fromRoot: Uint8Array,
  to: number,
  toRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || from > to) return false;
  if (from === 0) return proof.length === 0 && equalHashes(fromRoot, EMPTY_ROOT);
  if (from === to) return proof.length === 0 && equalHashes(fromRoot, toRoot);
  let position = from - 1;
  let last = to - 1;
  while (position % 2 === 1) [position, last] = [half(position), half(last)];
  // A perfect subtree at the beginning is its own first hash.
  const path = position === 0 ? [fromRoot, ...proof] : [...proof];
  const first = path[0];
  if (first === undefined) return false;
  let fromHash = first;
  let toHash = first;
  for (const sibling of path.slice(1)) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      fromHash = nodeHash(sibling, fromHash);
      toHash = nodeHash(sibling, toHash);
      while (position % 2 === 0 && position !== 0) [position, last] = [half(position), half(last)];
    } else {
      toHash = nodeHash(toHash, sibling);
    }
    [position, last] = [half(position), half(last)];
  }
  return last === 0 && equalHashes(fromHash, fromRoot) && equalHashes(toHash, toRoot);
}

/** Root of the leaves from `start` to `end`; `start` is a multiple of a power of two that is at least their number. */
export function rangeHash(node: NodeReader, start: number, end: number): Uint8Array {
  const count = end - start;
  const level = Math.round(Math.log2(count));
  if (2 ** level === count) return node(level, start / count);
  const middle = start + splitOf(count);
  return nodeHash(rangeHash(node, start, middle), rangeHash(node, middle, end));
}

/** Largest power of two below `count`. */
export function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function checkRange(index: number, size: number): void {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new RangeError(`leaf ${index} is not in a tree of ${size}`);
  }
}
