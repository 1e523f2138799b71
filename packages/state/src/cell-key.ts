import { hash } from 'node:crypto';

/** Longer parts are replaced by their hash: keys stay short whatever a client sends. */
const PART_LENGTH_MAX = 120;
/** Stands for a part that is not there; no encoded part equals it. */
const ABSENT = '~';

/** Builds a cell's key from parts that cannot run into each other or climb out of their place. */
export function cellKey(kind: string, ...parts: readonly (string | undefined)[]): string {
  let key = kind;
  for (const part of parts) key += `/${encodePart(part)}`;
  return key;
}

/** Parts of the key space of a kind that grows with what clients send, so that it can be swept piece by piece. */
export const SHARDS = 256;

/** As `cellKey`, with a shard before the parts. */
export function shardedKey(kind: string, ...parts: readonly (string | undefined)[]): string {
  const rest = parts.map(encodePart).join('/');
  return `${kind}/${hash('sha256', rest, 'hex').slice(0, 2)}/${rest}`;
}

/** A key below another one. */
export function subKey(key: string, part: string): string {
  return `${key}/${encodePart(part)}`;
}

/** Prefix of the cells of one shard, 0 to 255. */
export function shardPrefix(kind: string, shard: number): string {
  return `${kind}/${shard.toString(16).padStart(2, '0')}/`;
}

/** Parts that are their own encoding; most ids are. */
const PLAIN = /^[A-Za-z0-9_-]{1,120}$/;

function encodePart(part: string | undefined): string {
  if (part === undefined) return ABSENT;
  if (PLAIN.test(part)) return part;
  const known = encodedParts.get(part);
  if (known !== undefined) return known;
  const encoded = encodeNew(part);
  // Agents and principals call again and again; what they are called is encoded once.
  if (part.length <= PART_LENGTH_MAX) {
    if (encodedParts.size >= ENCODED_PARTS_MAX) encodedParts.clear();
    encodedParts.set(part, encoded);
  }
  return encoded;
}

const ENCODED_PARTS_MAX = 8_192;
const encodedParts = new Map<string, string>();

function encodeNew(part: string): string {
  // A lone surrogate has no encoding; replaced ones could meet, so such a part is hashed with its code units.
  if (part.length > PART_LENGTH_MAX || !part.isWellFormed()) return hashOf(part);
  const encoded = encodeURIComponent(part).replace(/[~!'()*.]/g, escapeMark);
  return encoded.length > PART_LENGTH_MAX ? hashOf(part) : encoded;
}

function hashOf(part: string): string {
  return `=${hash('sha256', Buffer.from(part, 'utf16le'), 'base64url')}`;
}

function escapeMark(mark: string): string {
  return `%${mark.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
