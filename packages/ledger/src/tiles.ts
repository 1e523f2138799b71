import { tileCell } from './cells.ts';
import type { NodeReader } from './proof.ts';
import { EDGE_CELLS, readEdge } from './stored-edge.ts';
import { TILE_WIDTH, type TreeEdge } from './tree-edge.ts';
import { HASH_BYTES, subtreeHash } from './tree-hash.ts';

/** Levels of the tree that one level of tiles covers: 2^8 hashes. */
const TILE_LEVELS = 8;

/** Reads the bytes of a full tile's cell; undefined where they are not 256 hashes. */
export function parseTile(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.byteLength === TILE_WIDTH * HASH_BYTES && bytes.toString('base64') === text
    ? bytes
    : undefined;
}

/** Cells of the tree, read beforehand or at once. */
export type TileSource = (cell: string) => Promise<string | undefined>;

/**
 * Runs `work` with the nodes of the stored tree, fetching the tiles that it turns out to need. `work` is repeated after
 * each fetch, so it must be pure; a proof needs few. Throws where the stored tree lacks a node.
 */
export async function withTree<Result>(
  source: TileSource,
  work: (node: NodeReader, size: number) => Result,
): Promise<Result> {
  const cells = new Map<string, string | undefined>();
  for (const cell of EDGE_CELLS) cells.set(cell, await source(cell));
  const edge = readEdge((cell) => cells.get(cell));
  if (edge === undefined) throw new Error('the edge of the tree cannot be read');
  const tiles = new Map<string, Uint8Array>();
  for (;;) {
    const missing: string[] = [];
    const node = nodeReader(edge, tiles, missing);
    try {
      return work(node, edge.size);
    } catch (cause) {
      const [cell] = missing;
      if (cell === undefined) throw cause;
      const tile = parseTile(await source(cell));
      if (tile === undefined) throw new Error(`the tree lacks \`${cell}\``, { cause });
      tiles.set(cell, tile);
    }
  }
}

/** The nodes of a stored tree whose cells can be read at once; throws where the tree lacks one. */
export function storedTree(read: (cell: string) => string | undefined): {
  readonly size: number;
  readonly node: NodeReader;
} {
  const edge = readEdge(read);
  if (edge === undefined) throw new Error('the edge of the tree cannot be read');
  const tiles = new Map<string, Uint8Array>();
  const node: NodeReader = (level, index) => {
    for (;;) {
      const missing: string[] = [];
      try {
        return nodeReader(edge, tiles, missing)(level, index);
      } catch (cause) {
        const [cell] = missing;
        const tile = cell === undefined ? undefined : parseTile(read(cell));
        if (cell === undefined || tile === undefined) throw cause;
        tiles.set(cell, tile);
      }
    }
  };
  return { size: edge.size, node };
}

function nodeReader(edge: TreeEdge, tiles: ReadonlyMap<string, Uint8Array>, missing: string[]): NodeReader {
  return (level, index) => {
    const tileLevel = Math.floor(level / TILE_LEVELS);
    const width = 2 ** (level % TILE_LEVELS);
    const first = index * width;
    const tileIndex = Math.floor(first / TILE_WIDTH);
    const full = Math.floor(edge.size / TILE_WIDTH ** (tileLevel + 1));
    const cell = tileCell(tileLevel, tileIndex);
    const hashes = tileIndex < full ? tiles.get(cell) : edge.levels[tileLevel];
    if (hashes === undefined) {
      missing.push(cell);
      throw new RangeError(`tile \`${cell}\` is not read yet`);
    }
    const start = (first % TILE_WIDTH) * HASH_BYTES;
    if (start + width * HASH_BYTES > hashes.byteLength) throw new RangeError('the tree is smaller than that');
    return subtreeHash(hashes.subarray(start, start + width * HASH_BYTES));
  };
}
