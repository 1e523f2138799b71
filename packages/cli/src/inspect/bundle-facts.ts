import { createHash } from 'node:crypto';
import { archiveSignatures, type Bundle, type BundleFile, type VerificationKey } from '@writ/bundle';
import { canonicalJson, type Json } from '@writ/decision';

/** What `writ inspect` says of a bundle beyond what `opa inspect` does. */
export interface BundleFacts {
  /** Of what activates; absent where the content cannot be read as a bundle, as with a delta. */
  readonly digest?: string;
  /** Of the archive's bytes. */
  readonly archive_sha256?: string;
  readonly size_bytes?: number;
  readonly sequence?: number;
  readonly entrypoints: readonly object[];
  readonly signatures: readonly SignatureFacts[];
  readonly files: readonly FileFacts[];
  /** Data by the bundle's roots: its size as JSON without spaces, and how many plain values it holds. */
  readonly data: readonly DataFacts[];
  readonly tests: number;
  /** Of a delta bundle: what it changes, and by how many operations. */
  readonly delta?: object;
}

export interface FileFacts {
  readonly file: string;
  readonly size_bytes: number;
  readonly sha256: string;
}

export interface DataFacts {
  readonly root: string;
  readonly size_bytes: number;
  readonly values: number;
}

export interface SignatureFacts {
  readonly form: 'bundle' | 'detached';
  readonly key_id?: string;
  readonly algorithm?: string;
  readonly scope?: string;
  /** Files that the signature lists; a detached one covers the archive byte for byte. */
  readonly covers: readonly string[] | 'the archive';
  /** Files of the archive that it does not list. */
  readonly not_covered: readonly string[];
  /** The given key that made it; null where none of them did; absent where none was given. */
  readonly verified_by?: string | null;
  readonly problems?: readonly string[];
}

export function fileFacts(files: readonly BundleFile[]): FileFacts[] {
  return files.map(({ path, bytes }) => ({
    file: path,
    size_bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  }));
}

/** Data at each root of a bundle. */
export function dataFacts({ roots, data }: Bundle): DataFacts[] {
  return roots.flatMap((root) => {
    const steps = root === '' ? [] : root.split('/');
    const value = steps.reduce<Json | undefined>(
      (node, step) =>
        typeof node === 'object' && node !== null && !Array.isArray(node) && Object.hasOwn(node, step)
          ? (node as { readonly [key: string]: Json })[step]
          : undefined,
      data,
    );
    if (value === undefined) return [];
    return [{ root, size_bytes: Buffer.byteLength(canonicalJson(value)), values: countValues(value) }];
  });
}

function countValues(value: Json): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, member) => sum + countValues(member as Json), 0);
}

/** What each signature of an archive says and covers, held against the keys where some are given. */
export async function signatureFacts(
  archive: Uint8Array,
  detached: readonly string[],
  files: readonly BundleFile[],
  keys: Readonly<Record<string, VerificationKey>>,
): Promise<SignatureFacts[]> {
  const found = await archiveSignatures(archive, detached, keys);
  if (!found.ok) return [];
  const isChecked = Object.keys(keys).length > 0;
  return found.signatures.map(({ form, keyId, algorithm, verifiedBy, problems }) => {
    const said = form === 'bundle' ? payloadOf(files) : undefined;
    const covers = said?.covers ?? [];
    const held =
      verifiedBy === undefined
        ? { verified_by: null, problems: [...new Set(problems.map(({ message }) => message))] }
        : { verified_by: verifiedBy };
    return {
      form,
      ...(keyId === undefined ? {} : { key_id: keyId }),
      ...(algorithm === undefined ? {} : { algorithm }),
      ...(said?.scope === undefined ? {} : { scope: said.scope }),
      covers: form === 'bundle' ? covers : ('the archive' as const),
      not_covered:
        form === 'bundle'
          ? files.map(({ path }) => path).filter((path) => !isSignatures(path) && !covers.includes(path))
          : [],
      ...(isChecked ? held : {}),
    };
  });
}

function isSignatures(path: string): boolean {
  return path === '.signatures.json' || path.endsWith('/.signatures.json');
}

/** What a signature inside says of itself, unproven. */
function payloadOf(files: readonly BundleFile[]): { covers: string[]; scope?: string } | undefined {
  const file = files.find(({ path }) => isSignatures(path));
  if (file === undefined) return undefined;
  try {
    const { signatures } = JSON.parse(new TextDecoder().decode(file.bytes)) as { signatures: string[] };
    const middle = Buffer.from(signatures[0]!.split('.')[1]!, 'base64url').toString('utf8');
    const payload = JSON.parse(middle) as { files: { name: string }[]; scope?: unknown };
    return {
      covers: payload.files.map(({ name }) => name.replace(/^\/+/, '')),
      ...(typeof payload.scope === 'string' ? { scope: payload.scope } : {}),
    };
  } catch {
    return { covers: [] };
  }
}
