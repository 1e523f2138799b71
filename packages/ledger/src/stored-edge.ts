import { EDGE_CELL, slotCell } from './cells.ts';
import { EMPTY_EDGE, formatEdge, parseEdge, TILE_WIDTH, type TreeEdge } from './tree-edge.ts';
import { HASH_BYTES } from './tree-hash.ts';

/**
 * How the right edge of the tree lies in cells. Written whole with each commit it would be most of what a single
 * decision writes; so the edge cell holds it as of the last tile that became full, and the leaves of the tile that grows
 * lie in slots of 16, each a cell of its own: `<index of the tile>\n<hashes in base64>`. A slot of another tile is one that was
 * not written again yet. Logs that were written before there were slots have the whole edge in its cell.
 */

/** Leaves in one slot. */
const SLOT_WIDTH = 16;
export const SLOTS = TILE_WIDTH / SLOT_WIDTH;

/** Cells of a stored edge, the edge cell last: whoever reads them one by one in this order sees no gap. */
export const EDGE_CELLS: readonly string[] = [
  ...Array.from({ length: SLOTS }, (_, slot) => slotCell(SLOTS - 1 - slot)),
  EDGE_CELL,
];

/** Reads a cell. */
type Read = (cell: string) => string | undefined;

/** The edge that cells hold; undefined where they do not hold one. An absent edge is that of an empty tree. */
export function readEdge(read: Read): TreeEdge | undefined {
  const text = read(EDGE_CELL);
  const base = text === undefined ? EMPTY_EDGE : parseEdge(text);
  if (base === undefined) return undefined;
  const tile = Math.floor(base.size / TILE_WIDTH);
  let leaves: Uint8Array = base.levels[0] ?? new Uint8Array(0);
  for (let slot = 0; slot < SLOTS; slot++) {
    const hashes = slotHashes(read(slotCell(slot)), tile);
    if (hashes === undefined) return undefined;
    if (hashes.byteLength === 0) continue;
    const start = slot * SLOT_WIDTH * HASH_BYTES;
    if (start > leaves.byteLength) return undefined;
    // A slot that was filled before slots were written reaches as far as the edge cell does, or farther.
    if (start + hashes.byteLength < leaves.byteLength) return undefined;
    leaves = Buffer.concat([leaves.subarray(0, start), hashes]);
  }
  const size = tile * TILE_WIDTH + leaves.byteLength / HASH_BYTES;
  return size === base.size ? base : { size, levels: [leaves, ...base.levels.slice(1)] };
}

/** Hashes of a slot of `tile`: none where it is of an earlier one, undefined where it cannot be read. */
function slotHashes(text: string | undefined, tile: number): Uint8Array | undefined {
  if (text === undefined) return NO_HASHES;
  const end = text.indexOf('\n');
  const written = text.slice(0, end);
  if (Number(written) < tile) return NO_HASHES;
  if (written !== String(tile)) return undefined;
  const encoded = text.slice(end + 1);
  const hashes = Buffer.from(encoded, 'base64');
  const whole = hashes.byteLength % HASH_BYTES === 0 && hashes.byteLength <= SLOT_WIDTH * HASH_BYTES;
  return whole && hashes.toString('base64') === encoded ? hashes : undefined;
}

const NO_HASHES = new Uint8Array(0);

/** What has to be written where a stored edge has grown from `before` to `after`. */
export function edgeChanges(before: TreeEdge, after: TreeEdge): (readonly [cell: string, text: string])[] {
  const tile = Math.floor(after.size / TILE_WIDTH);
  const leaves = after.levels[0] ?? NO_HASHES;
  const isSameTile = Math.floor(before.size / TILE_WIDTH) === tile;
  const changes: (readonly [string, string])[] = [];
  if (!isSameTile) {
    const full = { size: tile * TILE_WIDTH, levels: [NO_HASHES, ...after.levels.slice(1)] };
    changes.push([EDGE_CELL, formatEdge(full)]);
  }
  const first = isSameTile ? Math.floor((before.size % TILE_WIDTH) / SLOT_WIDTH) : 0;
  for (let slot = first; slot * SLOT_WIDTH < after.size % TILE_WIDTH; slot++) {
    changes.push([slotCell(slot), slotText(tile, leaves, slot)]);
  }
  return changes;
}

/** Text of the cell that holds the latest leaf of an edge; undefined where its last tile is just full. */
export function latestSlot({ size, levels }: TreeEdge): readonly [cell: string, text: string] | undefined {
  const count = size % TILE_WIDTH;
  if (count === 0) return undefined;
  const slot = Math.floor((count - 1) / SLOT_WIDTH);
  return [slotCell(slot), slotText(Math.floor(size / TILE_WIDTH), levels[0] ?? NO_HASHES, slot)];
}

function slotText(tile: number, leaves: Uint8Array, slot: number): string {
  const start = slot * SLOT_WIDTH * HASH_BYTES;
  const bytes = leaves.subarray(start, start + SLOT_WIDTH * HASH_BYTES);
  return `${tile}\n${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}`;
}
