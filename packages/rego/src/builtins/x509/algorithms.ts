import type { SignatureAlgorithm } from '../crypto-host.ts';
import type { DerElement, ObjectIdentifier } from './der.ts';
import { Der, sameBytes, TAG, X509Fault } from './der.ts';

/** An algorithm and its parameters (RFC 5280, 4.1.1.2). */
export interface AlgorithmIdentifier {
  readonly id: ObjectIdentifier;
  readonly parameters: DerElement | undefined;
}

export function readAlgorithm(der: Der): AlgorithmIdentifier {
  const id = der.objectIdentifier('x509: malformed OID');
  if (der.isEmpty) return { id, parameters: undefined };
  const parameters = der.next();
  if (parameters === undefined) throw new X509Fault('x509: malformed parameters');
  return { id, parameters };
}

interface Scheme {
  /** Number in Go's table. */
  readonly number: number;
  readonly id: string;
  /** Absent where Go refuses to check such signatures: old digests, DSA. */
  readonly algorithm?: SignatureAlgorithm;
  /** Parameters that must be there, as bytes. */
  readonly parameters?: 'null' | readonly number[];
}

/** Parameters of RSASSA-PSS with one digest throughout and its length of salt (RFC 4055). */
function pssParameters(digest: number, saltLength: number): readonly number[] {
  const hash = [0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, digest, 0x05, 0x00];
  const mask = [
    0x30,
    0x1a,
    0x06,
    0x09,
    0x2a,
    0x86,
    0x48,
    0x86,
    0xf7,
    0x0d,
    0x01,
    0x01,
    0x08,
    ...hash.slice(0),
  ];
  mask[1] = mask.length - 2;
  const parts = [0xa0, hash.length, ...hash, 0xa1, mask.length, ...mask, 0xa2, 0x03, 0x02, 0x01, saltLength];
  return [0x30, parts.length, ...parts];
}

const RSA = '1.2.840.113549.1.1';
const ECDSA = '1.2.840.10045.4';

/** Algorithms in the order of Go's constants. */
const SCHEMES: readonly Scheme[] = [
  { number: 2, id: `${RSA}.4`, parameters: 'null' },
  { number: 3, id: `${RSA}.5`, parameters: 'null' },
  { number: 3, id: '1.3.14.3.2.29', parameters: 'null' },
  { number: 4, id: `${RSA}.11`, algorithm: 'RS256', parameters: 'null' },
  { number: 5, id: `${RSA}.12`, algorithm: 'RS384', parameters: 'null' },
  { number: 6, id: `${RSA}.13`, algorithm: 'RS512', parameters: 'null' },
  { number: 13, id: `${RSA}.10`, algorithm: 'PS256', parameters: pssParameters(1, 32) },
  { number: 14, id: `${RSA}.10`, algorithm: 'PS384', parameters: pssParameters(2, 48) },
  { number: 15, id: `${RSA}.10`, algorithm: 'PS512', parameters: pssParameters(3, 64) },
  { number: 7, id: '1.2.840.10040.4.3' },
  { number: 8, id: '2.16.840.1.101.3.4.3.2' },
  { number: 9, id: `${ECDSA}.1` },
  { number: 10, id: `${ECDSA}.3.2`, algorithm: 'ES256' },
  { number: 11, id: `${ECDSA}.3.3`, algorithm: 'ES384' },
  { number: 12, id: `${ECDSA}.3.4`, algorithm: 'ES512' },
  { number: 16, id: '1.3.101.112', algorithm: 'EdDSA' },
];

/** Number of a signature's algorithm in Go's table; 0 where Go does not know it. */
export function signatureAlgorithmOf({ id, parameters }: AlgorithmIdentifier): number {
  const name = id.join('.');
  if (name === '1.3.101.112' && parameters !== undefined) return 0;
  const found = SCHEMES.find((scheme) => {
    if (scheme.id !== name) return false;
    if (scheme.parameters === undefined || scheme.parameters === 'null') return true;
    return parameters !== undefined && sameBytes(parameters.whole, Uint8Array.from(scheme.parameters));
  });
  return found?.number ?? 0;
}

/** How a signature of that number is checked; undefined where Go does not. */
export function schemeOf(number: number): SignatureAlgorithm | undefined {
  return SCHEMES.find((scheme) => scheme.number === number)?.algorithm;
}

const PUBLIC_KEYS: Readonly<Record<string, number>> = {
  [`${RSA}.1`]: 1,
  '1.2.840.10040.4.1': 2,
  '1.2.840.10045.2.1': 3,
  '1.3.101.112': 4,
};

/** Number of a public key's algorithm in Go's table; 0 where Go does not know it. */
export function publicKeyAlgorithmOf({ id }: AlgorithmIdentifier): number {
  return PUBLIC_KEYS[id.join('.')] ?? 0;
}

/** `r` and `s` of an ECDSA signature in DER, one behind the other, each of a size; undefined where it is none. */
export function flatSignature(signature: Uint8Array, sizeBytes: number): Uint8Array | undefined {
  try {
    const outer = new Der(signature);
    const pair = outer.read(TAG.sequence, '');
    const numbers = [pair.integer(''), pair.integer('')];
    if (!pair.isEmpty || !outer.isEmpty) return undefined;
    const flat = new Uint8Array(sizeBytes * 2);
    for (const [index, number] of numbers.entries()) {
      const digits = number.toString(16).padStart(sizeBytes * 2, '0');
      if (number < 0n || digits.length > sizeBytes * 2) return undefined;
      for (let at = 0; at < sizeBytes; at++) {
        flat[index * sizeBytes + at] = Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16);
      }
    }
    return flat;
  } catch (caught) {
    if (caught instanceof X509Fault) return undefined;
    throw caught;
  }
}
