import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';
import {
  bundleFromJSON,
  bundleToJSON,
  isBundleWithMessageSignature,
  isBundleWithPublicKey,
  toMessageSignatureBundle,
} from '@sigstore/bundle';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import type { BundleProblem } from '../problem.ts';
import type { SignatureResult } from './bundle-signature.ts';
import { signingKey, verificationKey } from './key-objects.ts';
import type { RequiredSignature, SigningAlgorithm, VerificationKey } from './verification.ts';

/** How a signature that stands beside an archive is named, after the archive's own name, and what it is. */
export const DETACHED_SUFFIXES = ['.sigstore.json', '.sig'] as const;

/** The longest signature that is read; a Sigstore bundle with a key is about 1 KB. */
export const DETACHED_SIZE_BYTES_MAX = 256 * 1024;

/**
 * Checks a signature over an archive's bytes by a key that is configured: a Sigstore bundle v0.3 with a message
 * signature (`cosign sign-blob --bundle`), or the base64 text of the signature alone (`cosign sign-blob
 * --output-signature`). No transparency log and no certificate is asked: what counts is the key.
 */
export function checkDetachedSignature(
  archive: Uint8Array,
  signatures: readonly string[],
  required: RequiredSignature,
): SignatureResult {
  if (signatures.length === 0) {
    const message = `the archive must be signed by \`${required.name}\`, and no signature stands beside it`;
    const help = `sign it, and put the signature beside it as FILE${DETACHED_SUFFIXES.join(' or FILE')}`;
    return { ok: false, problems: [{ code: 'bundle_signature_missing', message, help }] };
  }
  const keys = Object.entries(required.keys).filter(
    ([id]) => required.keyId === undefined || required.keyId === id,
  );
  const faults: string[] = [];
  for (const [keyId, key] of keys) {
    for (const text of signatures) {
      const fault = checkOne(archive, text, key);
      if (fault === undefined)
        return { ok: true, signature: { name: required.name, form: 'detached', keyId } };
      faults.push(`key \`${keyId}\`: ${fault}`);
    }
  }
  const message = `no signature beside the archive is one by \`${required.name}\` (${[...new Set(faults)].join('; ')})`;
  return { ok: false, problems: [{ code: 'bundle_signature_invalid', message }] };
}

/** Why a signature is not one by this key over these bytes; undefined where it is. */
function checkOne(archive: Uint8Array, text: string, key: VerificationKey): string | undefined {
  const algorithm = key.algorithm ?? 'ES256';
  if (algorithm.startsWith('HS')) return 'a shared secret makes no detached signature';
  const read = verificationKey(key.key, algorithm);
  if ('refused' in read) return read.refused;
  return text.trimStart().startsWith('{')
    ? checkSigstore(archive, text, read.key)
    : checkPlain(archive, text, read.key, algorithm);
}

function checkSigstore(archive: Uint8Array, text: string, key: KeyObject): string | undefined {
  try {
    const bundle = bundleFromJSON(JSON.parse(text));
    if (!isBundleWithMessageSignature(bundle)) return 'the Sigstore bundle holds no signature of a message';
    if (!isBundleWithPublicKey(bundle)) return 'the Sigstore bundle was not made with a key';
    const trust = toTrustMaterial(
      { mediaType: '', tlogs: [], certificateAuthorities: [], ctlogs: [], timestampAuthorities: [] },
      () => ({ publicKey: key, validFor: () => true }),
    );
    const verifier = new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 });
    verifier.verify(toSignedEntity(bundle, Buffer.from(archive)));
    return undefined;
  } catch {
    return 'the Sigstore bundle does not fit the archive and the key';
  }
}

function checkPlain(
  archive: Uint8Array,
  text: string,
  key: KeyObject,
  algorithm: SigningAlgorithm,
): string | undefined {
  const signature = Buffer.from(text.trim(), 'base64');
  const fits = verify(digestOf(algorithm), archive, keyOptions(key, algorithm), signature);
  return fits ? undefined : 'the signature does not fit the archive and the key';
}

/** Ed25519 hashes by itself. */
function digestOf(algorithm: SigningAlgorithm): string | null {
  return algorithm === 'EdDSA' ? null : `sha${algorithm.slice(2)}`;
}

const PSS_PADDING = 6;

/** ECDSA signatures are DER here, as cosign writes them. */
function keyOptions(key: KeyObject, algorithm: SigningAlgorithm) {
  return algorithm.startsWith('PS') ? { key, padding: PSS_PADDING } : { key };
}

export type DetachedResult =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problems: readonly BundleProblem[] };

/**
 * Signs an archive: as a Sigstore bundle v0.3 that names the key by its digest, or as plain base64 text. `ES256` by
 * default, which is what `cosign` takes.
 */
export function signDetached(
  archive: Uint8Array,
  options: {
    readonly key: string;
    readonly algorithm?: SigningAlgorithm;
    readonly form: 'sigstore' | 'plain';
  },
): DetachedResult {
  const algorithm = options.algorithm ?? 'ES256';
  if (algorithm.startsWith('HS'))
    return {
      ok: false,
      problems: [
        {
          code: 'signing_key_invalid',
          message: 'a detached signature needs a key pair, not a shared secret',
        },
      ],
    };
  const read = signingKey(options.key, algorithm);
  if ('refused' in read)
    return { ok: false, problems: [{ code: 'signing_key_invalid', message: read.refused }] };
  const signature = sign(digestOf(algorithm), archive, keyOptions(read.key, algorithm));
  if (options.form === 'plain') return { ok: true, text: signature.toString('base64') };
  const spki = createPublicKey(read.key).export({ type: 'spki', format: 'der' });
  const bundle = toMessageSignatureBundle({
    digest: hash('sha256', archive, 'buffer'),
    signature,
    keyHint: hash('sha256', spki, 'base64'),
  });
  return { ok: true, text: `${JSON.stringify(bundleToJSON(bundle))}\n` };
}
