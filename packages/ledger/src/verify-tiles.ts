import type { StoredEntry } from '@writ/store';
import { plainEntry } from './plain-entry.ts';
import { TILE_WIDTH } from './tree-edge.ts';
import { HASH_BYTES, leafHash, subtreeHash } from './tree-hash.ts';
import type { PlainTile } from './verify-walk.ts';

/** Looks over the entries of one full tile; undefined where one is missing or has to be looked at by itself. */
export function readPlainTile(entries: Iterable<StoredEntry>, first: number): PlainTile | undefined {
  const hashes = new Uint8Array(TILE_WIDTH * HASH_BYTES);
  let expected = first;
  let firstTime = '';
  let lastTime = '';
  let cooperative = false;
  for (const entry of entries) {
    const facts = entry.index === expected ? plainEntry(entry) : undefined;
    if (facts === undefined || facts.time < lastTime) return undefined;
    hashes.set(leafHash(entry.leaf), (expected - first) * HASH_BYTES);
    if (expected === first) firstTime = facts.time;
    lastTime = facts.time;
    cooperative ||= facts.cooperative;
    expected += 1;
  }
  if (expected !== first + TILE_WIDTH) return undefined;
  return { hashes, root: subtreeHash(hashes), firstTime, lastTime, cooperative };
}
