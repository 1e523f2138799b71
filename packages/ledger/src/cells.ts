/** Names of the ledger's cells: all begin with this. */
export const LOG_CELLS_PREFIX = 'ledger/';

/** The right edge of the tree as of its last full tile (`stored-edge.ts`). */
export const EDGE_CELL = 'ledger/edge';

/** Some leaves of the tile that is not full yet. */
export function slotCell(slot: number): string {
  return `ledger/edge/${slot}`;
}
/** What says how far the log is signed; tiles and earlier checkpoints are not among these. */
export const LATEST_CELLS_PREFIX = 'ledger/latest-';
/** The latest signed checkpoint; the same text as the cell of its size. */
export const LATEST_CHECKPOINT_CELL = 'ledger/latest-checkpoint';
/** The newest checkpoint that witnesses cosigned, with their cosignatures. */
export const LATEST_COSIGNED_CELL = 'ledger/latest-cosigned';
/** The public key that a cluster's log is signed with. */
export const SIGNING_KEY_CELL = 'ledger/signing-key';
export const CHECKPOINT_PREFIX = 'ledger/checkpoint/';
export const ROTATION_PREFIX = 'ledger/rotation/';

/** A full tile: 256 hashes, base64 of 8,192 bytes. */
export function tileCell(level: number, index: number): string {
  return `ledger/tile/${level}/${index}`;
}

/** The signed checkpoint of a size; padded, so that key order is order of size. */
export function checkpointCell(size: number): string {
  return `${CHECKPOINT_PREFIX}${String(size).padStart(16, '0')}`;
}

/** The checkpoint that two keys signed, under the index of the entry that names the second one. */
export function rotationCell(index: number): string {
  return `${ROTATION_PREFIX}${String(index).padStart(16, '0')}`;
}

/** Counts erasures: whoever erases compares it, so that no two put each other's texts back. */
export const ERASURES_CELL = 'ledger/erasures';
