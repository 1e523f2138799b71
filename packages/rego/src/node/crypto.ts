import type { JsonWebKey, KeyObject } from 'node:crypto';
import {
  constants,
  createPrivateKey,
  createPublicKey,
  sign as signData,
  verify as verifyData,
  X509Certificate,
} from 'node:crypto';
import type { CryptoHost, HostKey, PrivateKeyForm, SignatureAlgorithm } from '../builtins/crypto-host.ts';
import type { JsonObject } from '../value/index.ts';

/** RSA keys of fewer bits verify and sign nothing, as in Go. */
const RSA_BITS_MIN = 1024;

const RSA_MEMBERS: readonly string[] = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'];

const CURVE_NAMES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

function kindOf(key: KeyObject): HostKey['kind'] {
  const type = key.asymmetricKeyType;
  return type === 'rsa' || type === 'ec' || type === 'ed25519' ? type : 'other';
}

function hostKey(key: KeyObject): HostKey {
  const curve = CURVE_NAMES[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? '';
  return { kind: kindOf(key), isPrivate: key.type === 'private', curve, handle: key };
}

/** What OpenSSL refuses to read is no key; it tells so by throwing. */
function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function digestName(algorithm: SignatureAlgorithm): string | null {
  return algorithm === 'EdDSA' ? null : `sha${algorithm.slice(2)}`;
}

/** The key with the parameters of the algorithm's signature. */
function withScheme(algorithm: SignatureAlgorithm, key: KeyObject, saltLength: number) {
  if (algorithm.startsWith('PS')) return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
  if (algorithm.startsWith('RS')) return { key, padding: constants.RSA_PKCS1_PADDING };
  return { key, dsaEncoding: 'ieee-p1363' as const };
}

function isUsable(key: KeyObject): boolean {
  const { modulusLength } = key.asymmetricKeyDetails ?? {};
  return modulusLength === undefined || modulusLength >= RSA_BITS_MIN;
}

/** Keys and signatures by Node's `node:crypto`. */
export const nodeCrypto: CryptoHost = Object.freeze({
  certificateKey: (der: Uint8Array) => attempt(() => hostKey(new X509Certificate(der).publicKey)),

  publicKey: (der: Uint8Array) =>
    attempt(() => hostKey(createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' }))),

  webKey: (jwk: JsonObject) =>
    attempt(() => {
      const source = { key: jwk as unknown as JsonWebKey, format: 'jwk' as const };
      return hostKey(Object.hasOwn(jwk, 'd') ? createPrivateKey(source) : createPublicKey(source));
    }),

  privateKey: (der: Uint8Array, type: PrivateKeyForm) =>
    attempt(() => {
      const key = createPrivateKey({ key: Buffer.from(der), format: 'der', type });
      // An RSA key that only signs with PSS has no form as a JSON Web Key: Go reads none either.
      const webKey = { ...key.export({ format: 'jwk' }) } as JsonObject;
      const members = webKey['kty'] === 'RSA' ? RSA_MEMBERS : ['d', 'x'];
      return members.every((name) => typeof webKey[name] === 'string') ? webKey : undefined;
    }),

  verify(
    algorithm: SignatureAlgorithm,
    { handle }: HostKey,
    data: Uint8Array,
    signature: Uint8Array,
    salt: 'digest' | 'any',
  ) {
    const key = handle as KeyObject;
    if (!isUsable(key)) return false;
    const length = salt === 'any' ? constants.RSA_PSS_SALTLEN_AUTO : constants.RSA_PSS_SALTLEN_DIGEST;
    const scheme = withScheme(algorithm, key, length);
    return attempt(() => verifyData(digestName(algorithm), data, scheme, signature)) ?? false;
  },

  sign(algorithm: SignatureAlgorithm, { handle }: HostKey, data: Uint8Array) {
    const key = handle as KeyObject;
    if (!isUsable(key)) return undefined;
    const scheme = withScheme(algorithm, key, constants.RSA_PSS_SALTLEN_DIGEST);
    return attempt(() => new Uint8Array(signData(digestName(algorithm), data, scheme)));
  },
});
