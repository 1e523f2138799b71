import { randomFillSync } from 'node:crypto';
import type { RandomBytes } from '@writ/decision';

const POOL_BYTES = 8192;

/**
 * Random bytes from the system's generator, drawn in blocks: one call to it costs more than a small decision's hashes.
 * What was given out is overwritten in the block, so that a later look at memory finds none of it there.
 */
export function createRandomPool(): RandomBytes {
  const pool = new Uint8Array(POOL_BYTES);
  let offset = POOL_BYTES;
  return (length) => {
    if (length > POOL_BYTES) return randomFillSync(new Uint8Array(length));
    if (offset + length > POOL_BYTES) {
      randomFillSync(pool);
      offset = 0;
    }
    const bytes = pool.slice(offset, offset + length);
    pool.fill(0, offset, offset + length);
    offset += length;
    return bytes;
  };
}
