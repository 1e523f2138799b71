import { bytesOfText, hexOfBytes } from './bytes.ts';
import type { Family } from './define.ts';
import type { DigestAlgorithm } from './digest.ts';
import { digestOf, hmacOf } from './digest.ts';

function digest(algorithm: DigestAlgorithm) {
  return (_context: unknown, text: string): string => hexOfBytes(digestOf(algorithm, bytesOfText(text)));
}

function hmac(algorithm: DigestAlgorithm) {
  return (_context: unknown, text: string, key: string): string =>
    hexOfBytes(hmacOf(algorithm, bytesOfText(key), bytesOfText(text)));
}

/** Digests, in hexadecimal. Source: OPA's `topdown/crypto.go`. */
export const CRYPTO: Family = {
  'crypto.md5': digest('md5'),
  'crypto.sha1': digest('sha1'),
  'crypto.sha256': digest('sha256'),
  'crypto.hmac.md5': hmac('md5'),
  'crypto.hmac.sha1': hmac('sha1'),
  'crypto.hmac.sha256': hmac('sha256'),
  'crypto.hmac.sha512': hmac('sha512'),
  // Both operands are known to the policy: nothing here is worth the time of a constant-time comparison.
  'crypto.hmac.equal': (_context, a: string, b: string) => a === b,
};
