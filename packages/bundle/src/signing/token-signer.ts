import { type CompactJWSHeaderParameters, CompactSign } from 'jose';
import { signingKey } from './key-objects.ts';
import type { ExternalSigner, SigningAlgorithm } from './verification.ts';

/** Makes compact JSON Web Signatures (RFC 7515) with one key. */
export interface TokenSigner {
  readonly sign: (header: CompactJWSHeaderParameters, payload: Uint8Array) => Promise<string>;
}

/** A signer by a key at hand, or by one that is kept elsewhere. */
export function tokenSigner(
  key: string | ExternalSigner,
  algorithm: SigningAlgorithm,
): TokenSigner | { readonly refused: string } {
  if (typeof key === 'function') return externalSigner(key, algorithm);
  const read = signingKey(key, algorithm);
  if ('refused' in read) return read;
  return { sign: (header, payload) => new CompactSign(payload).setProtectedHeader(header).sign(read.key) };
}

/** Bytes of one of the two numbers of a signature, by curve. Source: RFC 7518, section 3.4. */
const NUMBER_BYTES: Readonly<Record<string, number>> = { ES256: 32, ES384: 48, ES512: 66 };

function externalSigner(signer: ExternalSigner, algorithm: SigningAlgorithm): TokenSigner {
  return {
    async sign(header, payload) {
      const parts = [JSON.stringify(header), payload].map((part) => Buffer.from(part).toString('base64url'));
      const input = parts.join('.');
      const signature = await signer(Buffer.from(input, 'ascii'));
      const width = NUMBER_BYTES[algorithm];
      const own = width === undefined ? signature : fromDer(signature, width);
      return `${input}.${Buffer.from(own).toString('base64url')}`;
    },
  };
}

/** The two numbers of an ECDSA signature, side by side, from DER. Throws a `RangeError` for what is none. */
function fromDer(der: Uint8Array, width: number): Uint8Array {
  const wrong = new RangeError('the signature is not an ECDSA signature in DER');
  // Beyond 127 bytes the sequence's length takes a byte more.
  let at = der[1] === 0x81 ? 3 : 2;
  if (der[0] !== 0x30) throw wrong;
  const numbers = [0, 1].map(() => {
    const length = der[at + 1] ?? 0;
    if (der[at] !== 0x02 || length === 0) throw wrong;
    const digits = Buffer.from(der.subarray(at + 2, at + 2 + length));
    at += 2 + length;
    const shown = digits.subarray(Math.max(0, digits.length - width));
    return Buffer.concat([Buffer.alloc(width - shown.length), shown]);
  });
  if (at !== der.length) throw wrong;
  return Buffer.concat(numbers);
}
