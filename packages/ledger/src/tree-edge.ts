import { foldSubtrees } from './compact-range.ts';
import { HASH_BYTES, subtreeHash } from './tree-hash.ts';

/** Hashes in a full tile, and levels of the tree that a tile covers (C2SP tlog-tiles: 2^8). */
export const TILE_WIDTH = 256;

/**
 * The right edge of the tree: for each level of tiles the hashes that do not fill one yet. With the full tiles, which
 * never change, it is the whole tree; alone it is enough to append and to give the root.
 */
export interface TreeEdge {
  readonly size: number;
  /** From level 0 upwards, 32 bytes each hash, fewer than 256 hashes a level. */
  readonly levels: readonly Uint8Array[];
}

/** A tile that became full: 256 hashes of 32 bytes. */
export interface FullTile {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
}

export const EMPTY_EDGE: TreeEdge = Object.freeze({ size: 0, levels: [] });

/** The edge after more leaves, and the tiles that they filled. */
export function appendToEdge(edge: TreeEdge, leafHashes: readonly Uint8Array[]): GrownEdge {
  return grow(edge, leafHashes, 0);
}

/** The same for 256 leaves together, by the root of their tile; to an edge at the border of a tile. */
export function appendTileToEdge(edge: TreeEdge, root: Uint8Array): GrownEdge {
  return grow(edge, [root], 1);
}

interface GrownEdge {
  readonly edge: TreeEdge;
  readonly tiles: readonly FullTile[];
}

function grow(edge: TreeEdge, hashes: readonly Uint8Array[], from: 0 | 1): GrownEdge {
  const tiles: FullTile[] = [];
  const levels: Uint8Array[] = from === 0 ? [] : [new Uint8Array(0)];
  let arriving = hashes;
  let firstTile = Math.floor(edge.size / TILE_WIDTH ** (from + 1));
  for (let level: number = from; level < edge.levels.length || arriving.length > 0; level++) {
    const row = Buffer.concat([edge.levels[level] ?? new Uint8Array(0), ...arriving]);
    const filled = Math.floor(row.byteLength / (TILE_WIDTH * HASH_BYTES));
    const roots: Uint8Array[] = [];
    for (let each = 0; each < filled; each++) {
      const tile = row.subarray(each * TILE_WIDTH * HASH_BYTES, (each + 1) * TILE_WIDTH * HASH_BYTES);
      tiles.push({ level, index: firstTile + each, hashes: tile });
      roots.push(subtreeHash(tile));
    }
    levels.push(row.subarray(filled * TILE_WIDTH * HASH_BYTES));
    arriving = roots;
    firstTile = Math.floor(firstTile / TILE_WIDTH);
  }
  return { edge: { size: edge.size + hashes.length * TILE_WIDTH ** from, levels }, tiles };
}

/** Which tiles become full when the tree grows from `from` to `to` leaves, as [level, index]. */
export function tilesFilled(from: number, to: number): (readonly [level: number, index: number])[] {
  const filled: (readonly [number, number])[] = [];
  let first = Math.floor(from / TILE_WIDTH);
  let end = Math.floor(to / TILE_WIDTH);
  for (let level = 0; end > 0; level++) {
    for (let index = first; index < end; index++) filled.push([level, index]);
    first = Math.floor(first / TILE_WIDTH);
    end = Math.floor(end / TILE_WIDTH);
  }
  return filled;
}

/** Root of the tree that ends in this edge. */
export function edgeRoot(edge: TreeEdge): Uint8Array {
  const subtrees: Uint8Array[] = [];
  for (const hashes of edge.levels.toReversed()) {
    let start = 0;
    for (let width = TILE_WIDTH / 2; width >= 1; width /= 2) {
      if (((hashes.byteLength / HASH_BYTES) & width) === 0) continue;
      subtrees.push(subtreeHash(hashes.subarray(start * HASH_BYTES, (start + width) * HASH_BYTES)));
      start += width;
    }
  }
  return foldSubtrees(subtrees);
}

/** The edge as the text of a cell: the size, then each level's hashes in base64. */
export function formatEdge(edge: TreeEdge): string {
  return [String(edge.size), ...edge.levels.map((hashes) => Buffer.from(hashes).toString('base64'))].join(
    '\n',
  );
}

/** Reads what `formatEdge` wrote; undefined where the text is not an edge of a tree of its size. */
export function parseEdge(text: string): TreeEdge | undefined {
  const [first = '', ...rest] = text.split('\n');
  const size = Number(first);
  if (!Number.isSafeInteger(size) || size < 0) return undefined;
  const edge: TreeEdge = { size, levels: rest.map((level) => Buffer.from(level, 'base64')) };
  let left = size;
  for (const hashes of edge.levels) {
    if (left === 0 || hashes.byteLength !== (left % TILE_WIDTH) * HASH_BYTES) return undefined;
    left = Math.floor(left / TILE_WIDTH);
  }
  return left === 0 && formatEdge(edge) === text ? edge : undefined;
}
