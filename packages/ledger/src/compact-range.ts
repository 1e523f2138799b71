import { EMPTY_ROOT, nodeHash } from './tree-hash.ts';

/**
 * The roots of the perfect subtrees that a growing tree consists of, largest first: enough to append and to give the
 * root at every size, in memory that grows with the logarithm of the size.
 */
export class CompactRange {
  readonly #subtrees: Uint8Array[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  append(hash: Uint8Array): void {
    let node = hash;
    // Each full pair of equal subtrees becomes one: as many as the size has trailing ones.
    for (let size = this.#size; size % 2 === 1; size = (size - 1) / 2) {
      const left = this.#subtrees.pop();
      if (left !== undefined) node = nodeHash(left, node);
    }
    this.#subtrees.push(node);
    this.#size += 1;
  }

  /** Appends `width` leaves, a power of two that divides the size, by the root over them. */
  appendSubtree(root: Uint8Array, width: number): void {
    let node = root;
    for (let size = this.#size / width; size % 2 === 1; size = (size - 1) / 2) {
      const left = this.#subtrees.pop();
      if (left !== undefined) node = nodeHash(left, node);
    }
    this.#subtrees.push(node);
    this.#size += width;
  }

  /** An independent copy. */
  clone(): CompactRange {
    const copy = new CompactRange();
    copy.#subtrees.push(...this.#subtrees);
    copy.#size = this.#size;
    return copy;
  }

  root(): Uint8Array {
    return foldSubtrees(this.#subtrees);
  }
}

/** Root over perfect subtrees of decreasing size. */
export function foldSubtrees(subtrees: readonly Uint8Array[]): Uint8Array {
  if (subtrees.length === 0) return EMPTY_ROOT;
  return subtrees.reduceRight((right, left) => nodeHash(left, right));
}
