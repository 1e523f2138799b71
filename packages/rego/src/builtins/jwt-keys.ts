import type { ObjectValue, Value } from '../value/index.ts';
import { fromJson, isObject, isPlainObject, objectGet } from '../value/index.ts';
import type { BuiltinContext } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import { bytesOfText } from './bytes.ts';
import type { CryptoHost, HostKey, SignatureAlgorithm } from './crypto-host.ts';
import type { DigestAlgorithm } from './digest.ts';
import { hmacOf } from './digest.ts';
import { readBase64Url } from './encoding.ts';
import { cancelled, fault } from './fault.ts';
import { firstPemBlock } from './pem.ts';

/** A shared secret or a key of the host, with what a JSON Web Key says about it. */
export interface VerificationKey {
  /** Empty where nothing is said. */
  readonly alg: string;
  readonly kid: string;
  readonly key: Uint8Array | HostKey;
}

export const SECRET_ALGORITHMS: Readonly<Record<string, DigestAlgorithm>> = Object.freeze({
  HS256: 'sha256',
  HS384: 'sha384',
  HS512: 'sha512',
});

const KINDS: Readonly<Record<SignatureAlgorithm, HostKey['kind']>> = Object.freeze({
  RS256: 'rsa',
  RS384: 'rsa',
  RS512: 'rsa',
  PS256: 'rsa',
  PS384: 'rsa',
  PS512: 'rsa',
  ES256: 'ec',
  ES384: 'ec',
  ES512: 'ec',
  EdDSA: 'ed25519',
});

const CURVES: Readonly<Record<string, string>> = Object.freeze({
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
});

/** Algorithms that a key may name besides those of signatures here (RFC 7518, 4.1; RFC 8812). */
const OTHER_ALGORITHMS: ReadonlySet<string> = new Set([
  'none',
  'ES256K',
  'RSA1_5',
  'RSA-OAEP',
  'RSA-OAEP-256',
  'RSA-OAEP-384',
  'RSA-OAEP-512',
  'A128KW',
  'A192KW',
  'A256KW',
  'dir',
  'ECDH-ES',
  'ECDH-ES+A128KW',
  'ECDH-ES+A192KW',
  'ECDH-ES+A256KW',
  'A128GCMKW',
  'A192GCMKW',
  'A256GCMKW',
  'PBES2-HS256+A128KW',
  'PBES2-HS384+A192KW',
  'PBES2-HS512+A256KW',
]);

/** Whether a name is an algorithm with public keys. */
export function isSignatureAlgorithm(name: string): name is SignatureAlgorithm {
  return Object.hasOwn(KINDS, name);
}

/** Whether OPA knows a token algorithm of that name. */
export function isTokenAlgorithm(name: string): boolean {
  return isSignatureAlgorithm(name) || Object.hasOwn(SECRET_ALGORITHMS, name);
}

/** The host's cryptography. Its absence ends the evaluation: an answer that is merely missing could be negated. */
export function hostCrypto(context: BuiltinContext): CryptoHost | BuiltinError {
  return context.crypto ?? cancelled('this evaluation was given no cryptography');
}

/** Whether a key is of the kind that an algorithm needs. */
export function isKeyFor(algorithm: SignatureAlgorithm, key: HostKey): boolean {
  return key.kind === KINDS[algorithm];
}

/** As {@link isKeyFor}, and on the algorithm's curve (RFC 7518, 3.4). */
export function isKeyExactlyFor(algorithm: SignatureAlgorithm, key: HostKey): boolean {
  return isKeyFor(algorithm, key) && (key.kind !== 'ec' || key.curve === CURVES[algorithm]);
}

/** Whether two byte sequences are one, in a time that does not tell where they differ. */
export function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < a.length; index++) difference |= a[index]! ^ (b[index] ?? 0);
  return difference === 0;
}

/** Whether a keyed digest holds. */
export function isSecretSignature(
  algorithm: DigestAlgorithm,
  secret: Uint8Array,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  return isSameBytes(signature, hmacOf(algorithm, secret, data));
}

function webKeyFault(problem: string): BuiltinError {
  return fault(`failed to parse a JWK key (set): ${problem}`);
}

function textAt(object: ObjectValue, name: string): string {
  const value = objectGet(object, name);
  return typeof value === 'string' ? value : '';
}

/** Reads one JSON Web Key (RFC 7517). */
export function readWebKey(context: BuiltinContext, jwk: Value): VerificationKey | BuiltinError {
  if (!isPlainObject(jwk)) return webKeyFault('a key must be an object');
  const said = { alg: textAt(jwk, 'alg'), kid: textAt(jwk, 'kid') };
  if (said.alg !== '' && !isTokenAlgorithm(said.alg) && !OTHER_ALGORITHMS.has(said.alg)) {
    return webKeyFault(`invalid key algorithm \`${said.alg}\``);
  }
  if (textAt(jwk, 'kty') === 'oct') {
    if (typeof objectGet(jwk, 'k') !== 'string') return webKeyFault('required field k is missing');
    const secret = readBase64Url(textAt(jwk, 'k'));
    if (secret instanceof BuiltinError) return webKeyFault(secret.message);
    return { ...said, key: bytesOfText(secret) };
  }
  const crypto = hostCrypto(context);
  if (crypto instanceof BuiltinError) return crypto;
  const key = crypto.webKey(jwk);
  return key === undefined ? webKeyFault('the key is not valid') : { ...said, key };
}

/** Reads the JSON of a key or a set of keys; keys for algorithms that OPA does not know are left out. */
export function readWebKeys(
  context: BuiltinContext,
  text: string,
): readonly VerificationKey[] | BuiltinError {
  const value = fromJson(text);
  if (value === undefined || !isObject(value)) return webKeyFault('it is no JSON object');
  const listed = objectGet(value, 'keys');
  if (listed !== undefined && !Array.isArray(listed)) return webKeyFault('`keys` must be an array');
  const keys: VerificationKey[] = [];
  for (const jwk of (listed as readonly Value[] | undefined) ?? [value]) {
    const key = readWebKey(context, jwk);
    if (key instanceof BuiltinError) return key;
    keys.push(key);
  }
  return keys;
}

/** Keys of a PEM certificate, a PEM public key, or JSON Web Keys. */
export function readVerificationKeys(
  context: BuiltinContext,
  text: string,
): readonly VerificationKey[] | BuiltinError {
  const block = firstPemBlock(text);
  if (block === undefined) {
    const keys = readWebKeys(context, text);
    return keys instanceof BuiltinError
      ? keys
      : keys.filter(({ alg }) => alg === '' || isTokenAlgorithm(alg));
  }
  if (block.rest !== '') return fault('extra data after a PEM certificate block');
  const isCertificate = block.label === 'CERTIFICATE';
  if (!isCertificate && block.label !== 'PUBLIC KEY') {
    return fault('failed to extract a Key from the PEM certificate');
  }
  const crypto = hostCrypto(context);
  if (crypto instanceof BuiltinError) return crypto;
  const key = isCertificate ? crypto.certificateKey(block.bytes) : crypto.publicKey(block.bytes);
  if (key !== undefined) return [{ alg: '', kid: '', key }];
  return fault(`failed to parse a PEM ${isCertificate ? 'certificate' : 'public key'}: it is not valid`);
}
