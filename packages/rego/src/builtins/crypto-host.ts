import type { JsonObject } from '../value/index.ts';

/** Signature algorithms with public keys (RFC 7518, RFC 8037). */
export type SignatureAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA';

/** How the DER of a private key is built: RFC 8017, RFC 5958, RFC 5915. */
export type PrivateKeyForm = 'pkcs1' | 'pkcs8' | 'sec1';

/** A key that the host has read. Only the host looks into `handle`. */
export interface HostKey {
  readonly kind: 'rsa' | 'ec' | 'ed25519' | 'other';
  readonly isPrivate: boolean;
  /** Of `ec`: the curve by its name in RFC 7518 (`P-256`); of other kinds empty. */
  readonly curve: string;
  readonly handle: unknown;
}

/**
 * The cryptography with keys that the language itself does not hold, given by what surrounds an evaluation. It is
 * synchronous, decides nothing, and throws only for bugs. `@writ/rego/node` holds the one for Node.
 */
export interface CryptoHost {
  /** The public key of an X.509 certificate (DER); undefined where it is none. */
  certificateKey(der: Uint8Array): HostKey | undefined;
  /** A public key (DER of a `SubjectPublicKeyInfo`); undefined where it is none. */
  publicKey(der: Uint8Array): HostKey | undefined;
  /** A public or private JSON Web Key; undefined where it is none. */
  webKey(jwk: JsonObject): HostKey | undefined;
  /** A private key as a JSON Web Key, all of its members; undefined where it is none. */
  privateKey(der: Uint8Array, form: PrivateKeyForm): JsonObject | undefined;
  /**
   * Whether a signature over the data holds. ECDSA signatures are `r` and `s`, one behind the other, of equal size;
   * the curve is not compared with the algorithm. The salt of PSS is as long as the digest (RFC 7518, 3.5), or of any
   * length.
   */
  verify(
    algorithm: SignatureAlgorithm,
    key: HostKey,
    data: Uint8Array,
    signature: Uint8Array,
    salt: 'digest' | 'any',
  ): boolean;
  /** Signs with a private key; undefined where the key does not fit the algorithm. */
  sign(algorithm: SignatureAlgorithm, key: HostKey, data: Uint8Array): Uint8Array | undefined;
}
