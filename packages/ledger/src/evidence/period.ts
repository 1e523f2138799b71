import type { StoredEntry, StoreReader } from '@writ/store';
import { type Leaf, readLeaf } from '../read-entry.ts';

/** A log that cannot be made evidence of as it is. */
export class EvidenceFault extends Error {}

/** The leaf at a position; throws `EvidenceFault` where there is none that can be read. */
export function leafAt(reader: Pick<StoreReader, 'entries'>, index: number): Leaf {
  return leafOf(entryAt(reader, index));
}

export function entryAt(reader: Pick<StoreReader, 'entries'>, index: number): StoredEntry {
  for (const entry of reader.entries(index, index + 1)) return entry;
  throw new EvidenceFault(`entry ${index} is missing`);
}

export function leafOf(entry: StoredEntry): Leaf {
  const leaf = readLeaf(entry.leaf);
  if (!leaf.ok) throw new EvidenceFault(`entry ${entry.index} cannot be read: ${leaf.message}`);
  return leaf.value;
}

/** Position of the first of `size` entries that is not earlier than `time`; times never step back in a log. */
export function positionAt(reader: Pick<StoreReader, 'entries'>, size: number, time: string): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (leafAt(reader, middle).time < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
