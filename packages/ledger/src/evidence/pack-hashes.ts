import { HASH_BYTES } from '../tree-hash.ts';

/** Hashes from base64; what is none becomes an empty one, which nothing equals. */
export function hashesOf(texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => {
    const bytes = Buffer.from(text, 'base64');
    return bytes.byteLength === HASH_BYTES && bytes.toString('base64') === text ? bytes : new Uint8Array(0);
  });
}
