import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import type { SigningAlgorithm } from './verification.ts';

/** The key's type that an algorithm needs, as `node:crypto` names it. */
const KEY_TYPES: Readonly<Record<string, readonly string[]>> = {
  RS: ['rsa'],
  PS: ['rsa', 'rsa-pss'],
  ES: ['ec'],
  Ed: ['ed25519'],
};

export type KeyResult = { readonly key: KeyObject } | { readonly refused: string };

/** The public key of a PEM (key or certificate), or the secret of an HMAC; refused where it does not fit the algorithm. */
export function verificationKey(text: string, algorithm: SigningAlgorithm): KeyResult {
  return readKey(text, algorithm, createPublicKey);
}

/** The private key of a PEM, or the secret of an HMAC. */
export function signingKey(text: string, algorithm: SigningAlgorithm): KeyResult {
  return readKey(text, algorithm, createPrivateKey);
}

function readKey(text: string, algorithm: SigningAlgorithm, read: (pem: string) => KeyObject): KeyResult {
  if (algorithm.startsWith('HS')) {
    // A public key taken for a secret would let everybody who knows it sign.
    if (text.includes('-----BEGIN'))
      return { refused: `a PEM is no secret for ${algorithm}; name the key's own algorithm` };
    return { key: createSecretKey(Buffer.from(text, 'utf8')) };
  }
  let key: KeyObject;
  try {
    key = read(text);
  } catch {
    return { refused: 'not a PEM with a key' };
  }
  const types = KEY_TYPES[algorithm.slice(0, 2)] ?? [];
  if (!types.includes(key.asymmetricKeyType ?? ''))
    return { refused: `a key of type ${key.asymmetricKeyType} does not sign by ${algorithm}` };
  return { key };
}
