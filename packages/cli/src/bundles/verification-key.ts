import { createPublicKey } from 'node:crypto';
import { SIGNING_ALGORITHMS, type SigningAlgorithm, type VerificationKey } from '@writ/bundle';
import { readText } from '../compose/read-text.ts';
import { CommandError, EXIT } from '../exit-status.ts';

/** A key to check with, from `FILE` or `ID=FILE`; its algorithm is that of its kind where none is named. */
export function readVerificationKey(text: string, algorithm: string | undefined): [string, VerificationKey] {
  const at = text.indexOf('=');
  const file = at === -1 ? text : text.slice(at + 1);
  const id = at === -1 ? text : text.slice(0, at);
  const key = readText(file);
  return [id, { key, algorithm: algorithm === undefined ? algorithmOf(key, file) : known(algorithm) }];
}

function known(text: string): SigningAlgorithm {
  const found = SIGNING_ALGORITHMS.find((one) => one === text);
  if (found === undefined)
    throw new CommandError(
      EXIT.usage,
      `--alg: unknown algorithm \`${text}\``,
      `known: ${SIGNING_ALGORITHMS.join(', ')}`,
    );
  return found;
}

const CURVES: Readonly<Record<string, SigningAlgorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/** What a key of this kind mostly signs by; `--alg` says otherwise. */
function algorithmOf(pem: string, file: string): SigningAlgorithm {
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPublicKey(pem);
    if (type === 'rsa') return 'RS256';
    if (type === 'ed25519') return 'EdDSA';
    const curve = CURVES[details?.namedCurve ?? ''];
    if (curve !== undefined) return curve;
  } catch {
    throw new CommandError(
      EXIT.badInput,
      `--key: ${file} holds no public key as PEM`,
      'for a shared secret name --alg HS256',
    );
  }
  throw new CommandError(
    EXIT.badInput,
    `--key: ${file} is of a kind that signs no bundles`,
    'RSA, P-256, P-384, P-521 or Ed25519',
  );
}
