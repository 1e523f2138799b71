import type { AlgorithmIdentifier } from './algorithms.ts';
import { publicKeyAlgorithmOf } from './algorithms.ts';
import { Der, TAG, X509Fault } from './der.ts';
import type { PublicKey } from './nodes.ts';

/** A curve of NIST's: y² = x³ - 3x + b (FIPS 186-4, D.1.2). */
interface Curve {
  readonly name: string;
  /** Of a coordinate. */
  readonly sizeBytes: number;
  readonly prime: bigint;
  readonly b: bigint;
}

/** Curves that Go knows. */
const CURVES: Readonly<Record<string, Curve>> = {
  '1.3.132.0.33': {
    name: 'P-224',
    sizeBytes: 28,
    prime: 2n ** 224n - 2n ** 96n + 1n,
    b: 0xb4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4n,
  },
  '1.2.840.10045.3.1.7': {
    name: 'P-256',
    sizeBytes: 32,
    prime: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  '1.3.132.0.34': {
    name: 'P-384',
    sizeBytes: 48,
    prime: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  '1.3.132.0.35': {
    name: 'P-521',
    sizeBytes: 66,
    prime: 2n ** 521n - 1n,
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
};

/** The bytes of a coordinate on a curve. */
export function coordinateBytes(curve: string): number {
  return Object.values(CURVES).find(({ name }) => name === curve)?.sizeBytes ?? 0;
}

function isOnCurve({ prime, b }: Curve, x: bigint, y: bigint): boolean {
  if (x >= prime || y >= prime) return false;
  return (y * y - (x * x * x - 3n * x + b)) % prime === 0n;
}

export function bigIntOfBytes(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

function rsaKey({ parameters }: AlgorithmIdentifier, data: Uint8Array): PublicKey {
  if (parameters?.tag !== TAG.null || parameters.whole.length !== 2) {
    throw new X509Fault('x509: RSA key missing NULL parameters');
  }
  const key = new Der(data).read(TAG.sequence, 'x509: invalid RSA public key');
  const modulus = key.integer('x509: invalid RSA modulus');
  const exponent = key.integer('x509: invalid RSA public exponent');
  if (modulus <= 0n) throw new X509Fault('x509: RSA modulus is not a positive number');
  if (exponent <= 0n) throw new X509Fault('x509: RSA public exponent is not a positive number');
  return { kind: 'rsa', modulus, exponent };
}

function ecKey({ parameters }: AlgorithmIdentifier, data: Uint8Array): PublicKey {
  const problem = 'x509: invalid ECDSA parameters';
  if (parameters === undefined) throw new X509Fault(problem);
  const curve = CURVES[new Der(parameters.whole).objectIdentifier(problem).join('.')];
  if (curve === undefined) throw new X509Fault('x509: unsupported elliptic curve');
  const { name, sizeBytes } = curve;
  const x = bigIntOfBytes(data.subarray(1, 1 + sizeBytes));
  const y = bigIntOfBytes(data.subarray(1 + sizeBytes));
  if (data.length !== 1 + 2 * sizeBytes || data[0] !== 4 || !isOnCurve(curve, x, y)) {
    throw new X509Fault('x509: failed to unmarshal elliptic curve point');
  }
  return { kind: 'ec', curve: name, x, y };
}

function dsaKey({ parameters }: AlgorithmIdentifier, data: Uint8Array): PublicKey {
  const y = new Der(data).integer('x509: invalid DSA public key');
  const problem = 'x509: invalid DSA parameters';
  if (parameters === undefined) throw new X509Fault(problem);
  const numbers = new Der(parameters.whole).read(TAG.sequence, problem);
  const [p, q, g] = [numbers.integer(problem), numbers.integer(problem), numbers.integer(problem)];
  if (y <= 0n || p <= 0n || q <= 0n || g <= 0n) throw new X509Fault('x509: zero or negative DSA parameter');
  return { kind: 'dsa', p, q, g, y };
}

/** Reads the key of a `SubjectPublicKeyInfo`. */
export function readPublicKey(algorithm: AlgorithmIdentifier, data: Uint8Array): PublicKey {
  switch (publicKeyAlgorithmOf(algorithm)) {
    case 1:
      return rsaKey(algorithm, data);
    case 2:
      return dsaKey(algorithm, data);
    case 3:
      return ecKey(algorithm, data);
    case 4: {
      if (algorithm.parameters !== undefined) {
        throw new X509Fault('x509: Ed25519 key encoded with illegal parameters');
      }
      if (data.length !== 32) throw new X509Fault('x509: wrong Ed25519 public key size');
      return { kind: 'ed25519', bytes: data };
    }
    default:
      return { kind: 'unknown' };
  }
}
