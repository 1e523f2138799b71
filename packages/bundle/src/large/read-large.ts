import { canonicalJson, type Json } from '@writ/decision';
import { LEAF_BYTES } from './json-index.ts';
import { lazyJson } from './lazy-json.ts';
import { rewriteJson } from './rewrite-json.ts';
import { type ScannedJson, scanJson } from './scan-json.ts';

/** From here on a document is not made into values as a whole: that alone would hold up decisions. */
export const LARGE_BYTES = 512 * 1024;

/**
 * A large JSON text as a value that is parsed where it is asked for. Undefined where it is not strict JSON, or has
 * nothing to be lazy about. A text that is not canonical (RFC 8785) is written anew, so that what stands behind lazy
 * values always is.
 */
export function readLarge(text: Uint8Array, depthMax: number): Json | undefined {
  const canonical = scanJson(text, depthMax, LEAF_BYTES, true);
  if (canonical?.isCanonical === true) return lazyAtRoot(canonical);
  const written = rewriteJson(text, 'jcs');
  const scanned = written === undefined ? undefined : scanJson(written, depthMax);
  return scanned === undefined ? undefined : lazyAtRoot(scanned);
}

function lazyAtRoot({ index }: ScannedJson): Json | undefined {
  return index === undefined ? undefined : lazyJson(index);
}

/** A value as one that is read lazily, where it is large; else as it is. */
export function lazyIfLarge(value: Json, depthMax: number): Json {
  if (typeof value !== 'object' || value === null) return value;
  const text = canonicalJson(value);
  return text.length < LARGE_BYTES ? value : (readLarge(Buffer.from(text), depthMax) ?? value);
}
