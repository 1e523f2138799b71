import { decodeProtectedHeader } from 'jose';
import { completeLimits } from './files.ts';
import type { BundleProblem } from './problem.ts';
import { checkBundleSignature, isSignaturesFile } from './signing/bundle-signature.ts';
import { checkDetachedSignature } from './signing/detached-signature.ts';
import type { SigningAlgorithm, VerificationKey } from './signing/verification.ts';
import { readArchive } from './tar.ts';

/** One signature that an archive carries, and whether a given key made it. */
export interface FoundSignature {
  /** `bundle`: `.signatures.json` inside; `detached`: beside the archive. */
  readonly form: 'bundle' | 'detached';
  /** What the signature says of itself; absent where it says nothing. */
  readonly keyId?: string;
  readonly algorithm?: string;
  /** The key that it fits, by the id that it was given under; absent where it fits none. */
  readonly verifiedBy?: string;
  /** Why it fits none. */
  readonly problems: readonly BundleProblem[];
}

export type ArchiveSignatures =
  | { readonly ok: true; readonly signatures: readonly FoundSignature[] }
  | { readonly ok: false; readonly problems: readonly BundleProblem[] };

/** Every signature that an archive carries or that came beside it, each held against every key. Activates nothing. */
export async function archiveSignatures(
  archive: Uint8Array,
  detached: readonly string[],
  keys: Readonly<Record<string, VerificationKey>>,
): Promise<ArchiveSignatures> {
  const read = readArchive(archive, completeLimits(undefined));
  if (!read.ok) return read;
  const inside = read.files.find(({ path }) => isSignaturesFile(path));
  const own = inside === undefined ? [] : [await insideOne(read.files, inside.bytes, keys)];
  return { ok: true, signatures: [...own, ...detached.map((text) => besideOne(archive, text, keys))] };
}

async function insideOne(
  files: Parameters<typeof checkBundleSignature>[0],
  bytes: Uint8Array,
  keys: Readonly<Record<string, VerificationKey>>,
): Promise<FoundSignature> {
  const said = saidInside(bytes);
  const problems: BundleProblem[] = [];
  for (const [id, key] of Object.entries(keys)) {
    const required = { name: id, form: 'bundle', keys: { [id]: key }, keyId: id } as const;
    const checked = await checkBundleSignature(files, required);
    if (checked.ok) return { form: 'bundle', ...said, verifiedBy: id, problems: [] };
    problems.push(...checked.problems);
  }
  return { form: 'bundle', ...said, problems };
}

function saidInside(bytes: Uint8Array): { keyId?: string; algorithm?: string } {
  try {
    const [token] = (JSON.parse(new TextDecoder().decode(bytes)) as { signatures: string[] }).signatures;
    const { kid, alg } = decodeProtectedHeader(token ?? '');
    return {
      ...(typeof kid === 'string' ? { keyId: kid } : {}),
      ...(typeof alg === 'string' ? { algorithm: alg } : {}),
    };
  } catch {
    return {};
  }
}

/** A detached signature does not say by which algorithm it was made, beyond what its key allows. */
function besideOne(
  archive: Uint8Array,
  text: string,
  keys: Readonly<Record<string, VerificationKey>>,
): FoundSignature {
  const problems: BundleProblem[] = [];
  for (const [id, key] of Object.entries(keys)) {
    const algorithm: SigningAlgorithm = key.algorithm ?? 'ES256';
    const required = { name: id, form: 'detached', keys: { [id]: { ...key, algorithm } } } as const;
    const checked = checkDetachedSignature(archive, [text], required);
    if (checked.ok) return { form: 'detached', algorithm, verifiedBy: id, problems: [] };
    problems.push(...checked.problems);
  }
  return { form: 'detached', problems };
}
