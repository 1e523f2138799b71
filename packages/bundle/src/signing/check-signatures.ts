import type { ReadBundleOptions } from '../bundle.ts';
import type { BundleFile } from '../files.ts';
import type { BundleProblem } from '../problem.ts';
import {
  checkBundleSignature,
  isSignaturesFile,
  SIGNATURES_FILE,
  type SignatureResult,
} from './bundle-signature.ts';
import { checkDetachedSignature } from './detached-signature.ts';
import type { CheckedSignature, RequiredSignature } from './verification.ts';

/** An archive as it came, with the signatures that stand beside it. */
export interface SignedArchive {
  readonly bytes: Uint8Array;
  readonly detached: readonly string[];
}

export interface CheckedSignatures {
  readonly signatures: readonly CheckedSignature[];
  readonly problems: readonly BundleProblem[];
}

/**
 * Checks every signature that is required. A bundle that is signed while no key is configured is refused too, so that
 * an unchecked signature never looks like a checked one.
 */
export async function checkSignatures(
  files: readonly BundleFile[],
  options: Pick<ReadBundleOptions, 'signatures' | 'skipVerify'>,
  archive?: SignedArchive,
): Promise<CheckedSignatures> {
  if (options.skipVerify === true) return { signatures: [], problems: [] };
  const required = options.signatures ?? [];
  if (!required.some(({ form }) => form === 'bundle') && files.some(({ path }) => isSignaturesFile(path))) {
    const message = 'the bundle is signed, and no key to check it with is known';
    const help =
      'configure the key, say that the signature is not to be checked, or give the bundle unsigned';
    return {
      signatures: [],
      problems: [{ code: 'bundle_signature_unverified', message, file: SIGNATURES_FILE, help }],
    };
  }
  const results = await Promise.all(required.map((one) => checkOne(files, one, archive)));
  return {
    signatures: results.flatMap((result) => (result.ok ? [result.signature] : [])),
    problems: results.flatMap((result) => (result.ok ? [] : result.problems)),
  };
}

async function checkOne(
  files: readonly BundleFile[],
  required: RequiredSignature,
  archive: SignedArchive | undefined,
): Promise<SignatureResult> {
  if (required.form === 'bundle') return checkBundleSignature(files, required);
  if (archive !== undefined) return checkDetachedSignature(archive.bytes, archive.detached, required);
  const message = `a folder has no signature beside it, and \`${required.name}\` must sign the archive`;
  return { ok: false, problems: [{ code: 'bundle_signature_missing', message }] };
}
