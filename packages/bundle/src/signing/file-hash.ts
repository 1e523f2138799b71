import { hash } from 'node:crypto';
import { posix } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { isDataFile } from '../files.ts';
import { rewriteJson } from '../large/rewrite-json.ts';
import { goJson, NumberText, parseTextual, type TextualJson } from './go-json.ts';

/** Hash algorithms that a signature may name (OPA 1.22, `v1/bundle/hash.go`), without those that are broken. */
const ALGORITHMS: Readonly<Record<string, string>> = {
  'SHA-224': 'sha224',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
  'SHA-512-224': 'sha512-224',
  'SHA-512-256': 'sha512-256',
};

/** The algorithm that new signatures name. */
export const HASH_ALGORITHM = 'SHA-256';

/** One line of a signature's `files`: a path within the bundle, and the lower-case hex digest of what it holds. */
export interface SignedFile {
  readonly name: string;
  readonly hash: string;
  readonly algorithm: string;
}

/**
 * The digest of a file as OPA's signatures have it: data documents and manifests by their canonical form, so that
 * spaces and the order of keys do not count, every other file by its bytes. Undefined where the algorithm is unknown
 * or broken (MD5, SHA-1), or the document cannot be read.
 */
export function hashFile(path: string, bytes: Uint8Array, algorithm = HASH_ALGORITHM): string | undefined {
  const name = ALGORITHMS[algorithm];
  if (name === undefined) return undefined;
  if (!isStructured(path)) return hash(name, bytes, 'hex');
  const isYaml = /\.ya?ml$/.test(path);
  const written = isYaml ? undefined : rewriteJson(bytes, 'go');
  if (written !== undefined) return hash(name, written, 'hex');
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const document = isYaml ? fromYaml(text) : parseTextual(text);
    return hash(name, goJson(document), 'hex');
  } catch {
    return undefined;
  }
}

/** Whether a file counts by its document instead of by its bytes. */
function isStructured(path: string): boolean {
  return isDataFile(path) || posix.basename(path) === '.manifest';
}

function fromYaml(text: string): TextualJson {
  return textual(parseYaml(text, { version: '1.2', schema: 'core', intAsBigInt: true, stringKeys: true }));
}

function textual(value: unknown): TextualJson {
  if (typeof value === 'number' || typeof value === 'bigint') return new NumberText(String(value));
  if (Array.isArray(value)) return value.map(textual);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, textual(member)]));
  return value as TextualJson;
}
