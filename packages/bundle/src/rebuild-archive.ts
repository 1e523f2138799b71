import { readStrictBytes } from '@writ/decision';
import type { Bundle, BundleLimits } from './bundle.ts';
import { digestContent } from './digest.ts';
import { completeLimits } from './files.ts';
import type { BundleProblem } from './problem.ts';
import {
  isSignaturesFile,
  SIGNATURES_FILE,
  type SigningOptions,
  signBundle,
} from './signing/bundle-signature.ts';
import { readArchive } from './tar.ts';
import { writeArchive } from './write-archive.ts';

/** How an earlier archive is published once more. */
export interface RebuildOptions {
  /** The revision whose content it is: `metadata.writ.rollback_to`. */
  readonly rollbackTo: string;
  /** Higher than what is in force; absent where what is in force has none either. */
  readonly sequence?: number;
  readonly signing?: SigningOptions;
  readonly limits?: Partial<BundleLimits>;
}

export type RebuildResult =
  | { readonly ok: true; readonly archive: Uint8Array }
  | { readonly ok: false; readonly problems: readonly BundleProblem[] };

/**
 * An earlier archive with a new place in the sequence: every file as it was, the manifest with `sequence` and
 * `rollback_to`, the signature made anew. Not checked and not compiled: whoever activates it does that.
 */
export async function rebuildArchive(archive: Uint8Array, options: RebuildOptions): Promise<RebuildResult> {
  const read = readArchive(archive, completeLimits(options.limits));
  if (!read.ok) return read;
  const files = read.files.filter(({ path }) => !isSignaturesFile(path) && path !== '.manifest');
  const written = read.files.find(({ path }) => path === '.manifest');
  const parsed = written === undefined ? undefined : readStrictBytes(written.bytes);
  if (parsed === undefined || !parsed.ok || !isObject(parsed.value))
    return { ok: false, problems: [NO_MANIFEST] };
  const { metadata, ...manifest } = parsed.value;
  const others = isObject(metadata) ? metadata : {};
  const own = isObject(others['writ']) ? others['writ'] : {};
  const { sequence: _sequence, rollback_to: _before, ...writ } = own;
  const document = {
    ...manifest,
    // One that names no revision was called after where it came from.
    revision: manifest['revision'] ?? options.rollbackTo,
    metadata: {
      ...others,
      writ: {
        ...writ,
        ...(options.sequence === undefined ? {} : { sequence: options.sequence }),
        rollback_to: options.rollbackTo,
      },
    },
  };
  const packed = [
    { path: '.manifest', bytes: new TextEncoder().encode(`${JSON.stringify(document, null, 2)}\n`) },
    ...files,
  ];
  if (options.signing === undefined) return { ok: true, archive: pack(packed) };
  const signed = await signBundle(packed, options.signing);
  if (!signed.ok) return signed;
  return {
    ok: true,
    archive: pack([...packed, { path: SIGNATURES_FILE, bytes: new TextEncoder().encode(signed.text) }]),
  };
}

const NO_MANIFEST: BundleProblem = {
  code: 'manifest_invalid',
  message: 'the archive has no manifest that could name a sequence',
  help: 'archives of `writ build` have one',
};

function pack(files: readonly { readonly path: string; readonly bytes: Uint8Array }[]): Uint8Array {
  return writeArchive(files.map(({ path, bytes }) => ({ path, text: bytes })));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether two bundles decide alike: all the same but for their places in the sequence. */
export function isSameContent(left: Bundle, right: Bundle): boolean {
  return contentDigest(left) === contentDigest(right);
}

function contentDigest({ roots, metadata, modules, data, entrypoints, engineContent }: Bundle): string {
  const { writ, ...others } = metadata;
  const { sequence: _, rollback_to: __, ...rest } = isObject(writ) ? writ : {};
  return digestContent({
    revision: '',
    roots,
    metadata: { ...others, writ: rest as never },
    modules,
    data,
    entrypoints,
    engineContent,
  });
}
