/**
 * Algorithms of signatures: RSA (PKCS #1 v1.5 and PSS), ECDSA, Ed25519, and HMAC with a shared secret. Source: RFC
 * 7518, RFC 8037.
 */
export const SIGNING_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'HS256',
  'HS384',
  'HS512',
] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** A key that signatures are checked with: a PEM (public key or certificate), or the secret of an `HS…` algorithm. */
export interface VerificationKey {
  /** `RS256` by default, as OPA has it. A signature that names another one is refused. */
  readonly algorithm?: SigningAlgorithm;
  readonly key: string;
  /** What the signature's `scope` must be, where the requirement itself names none. */
  readonly scope?: string;
}

/**
 * One signature that a bundle must carry.
 *
 * - `bundle`: OPA's `.signatures.json` inside the bundle; it covers every file.
 * - `detached`: beside the archive and over its bytes; a Sigstore bundle v0.3 (`FILE.sigstore.json`) or the base64
 *   text that `cosign sign-blob` writes (`FILE.sig`).
 */
export interface RequiredSignature {
  /** Whose signature it is: `author`, `security`. */
  readonly name: string;
  readonly form: 'bundle' | 'detached';
  /** By key id. One of them must have signed: a new key stands beside the old one while keys are rotated. */
  readonly keys: Readonly<Record<string, VerificationKey>>;
  /** The only key id that counts; by default what the signature names. */
  readonly keyId?: string;
  readonly scope?: string;
  /** Globs of files that OPA's signature need not cover (`exclude_files`). */
  readonly excludeFiles?: readonly string[];
}

/** A signature that was checked and fits. */
export interface CheckedSignature {
  readonly name: string;
  readonly form: 'bundle' | 'detached';
  readonly keyId: string;
}

/**
 * Signs with a key that is kept elsewhere: gets the bytes to be signed (not their hash), gives the signature, of ECDSA
 * in DER, as OpenSSL and key services write it. A rejection ends the signing.
 */
export type ExternalSigner = (bytes: Uint8Array) => Promise<Uint8Array>;
