/** Where FNV-1a begins, and what it multiplies by. Source: draft-eastlake-fnv. */
export const HASH_START = 0x811c9dc5;
const HASH_PRIME = 0x01000193;

/** One more UTF-16 code unit of a key. */
export function hashUnit(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, HASH_PRIME);
}

/** A key's place in tables of names: FNV-1a over its UTF-16 code units. */
export function hashKey(key: string): number {
  let hash = HASH_START;
  for (let index = 0; index < key.length; index++) hash = hashUnit(hash, key.charCodeAt(index));
  return hash >>> 0;
}
