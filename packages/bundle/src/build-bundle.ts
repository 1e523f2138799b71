import { basename, resolve } from 'node:path';
import { assembleBundle } from './assemble.ts';
import type { Bundle, BundleLimits } from './bundle.ts';
import type { WasmResolver } from './bundle-engine.ts';
import { missingModules } from './engine-content.ts';
import { type BundleFile, belongsToBundle, completeLimits, isTestModule, withoutLead } from './files.ts';
import type { BundleProblem } from './problem.ts';
import { readDirectoryFiles } from './read-directory.ts';
import type { Release } from './release.ts';
import {
  isSignaturesFile,
  SIGNATURES_FILE,
  type SigningOptions,
  signBundle,
} from './signing/bundle-signature.ts';
import { writeArchive } from './write-archive.ts';

/** How an archive is made of a folder. */
export interface BuildOptions {
  /** How the bundle is called in problems; by default the folder's name. */
  readonly name?: string;
  /** Goes before the manifest's own. */
  readonly revision?: string;
  /** `metadata.writ.sequence`: higher than what was published before. */
  readonly sequence?: number;
  /** The revision whose content this is once more. */
  readonly rollbackTo?: string;
  /** `metadata.writ.release`: what shares one version with the bundle. */
  readonly release?: Release;
  /** Packs `*_test.rego` too; they never activate. */
  readonly includeTests?: boolean;
  /**
   * The policy compiled into a JavaScript module, packed as `policy.mjs` for programs that decide by themselves. Nothing
   * here ever runs it: a decision point compiles the Rego beside it.
   */
  readonly module?: string;
  /** Signs the bundle inside, as OPA does. */
  readonly signing?: SigningOptions;
  readonly limits?: Partial<BundleLimits>;
}

export type BuildResult =
  | {
      readonly ok: true;
      /** gzip over tar; the same folder and options give the same bytes. */
      readonly archive: Uint8Array;
      /** What is in it, checked. Not compiled: that is the caller's to do before it ships. */
      readonly bundle: Bundle;
    }
  | { readonly ok: false; readonly problems: readonly BundleProblem[] };

/**
 * Packs a folder as an OPA bundle that says of itself what it is: its manifest names revision and roots even where the
 * folder's did not, so that whoever activates several can tell that they do not overlap. Source: OPA's bundle format.
 */
export async function buildBundle(folder: string, options: BuildOptions = {}): Promise<BuildResult> {
  const name = options.name ?? basename(resolve(folder));
  const read = await readDirectoryFiles(folder, completeLimits(options.limits), true);
  if (!read.ok)
    return { ok: false, problems: read.problems.map((problem) => ({ bundle: name, ...problem })) };
  const sources = read.files.filter(({ path }) => !isSignaturesFile(path));
  const assembled = await assembleBundle(sources, { name, ...limitsOf(options) });
  if (!assembled.ok) return assembled;
  const manifest = manifestOf(sources, assembled.bundle, options);
  const packed = [
    { path: '.manifest', bytes: new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`) },
    ...sources.filter((file) => isPacked(file.path, options)),
    ...(options.module === undefined
      ? []
      : [{ path: MODULE_FILE, bytes: new TextEncoder().encode(options.module) }]),
  ];
  // Whichever engine evaluates it here: OPA would refuse the bundle.
  const missing = missingModules(wasmOf(manifest), packed);
  if (missing.length > 0)
    return { ok: false, problems: missing.map((problem) => ({ bundle: name, ...problem })) };
  const files = await withSignature(packed, options);
  if (!files.ok)
    return { ok: false, problems: files.problems.map((problem) => ({ bundle: name, ...problem })) };
  const built = await assembleBundle(packed, { name, ...limitsOf(options) });
  if (!built.ok) return built;
  const archive = writeArchive(files.files.map(({ path, bytes }) => ({ path, text: bytes })));
  return { ok: true, archive, bundle: built.bundle };
}

/** Where a compiled policy lies in an archive. */
const MODULE_FILE = 'policy.mjs';

function limitsOf(options: BuildOptions): { limits?: Partial<BundleLimits> } {
  return options.limits === undefined ? {} : { limits: options.limits };
}

/** Modules, documents, and compiled policy; the manifest is written anew. */
function isPacked(path: string, options: BuildOptions): boolean {
  if (path === '.manifest' || (isTestModule(path) && options.includeTests !== true)) return false;
  return belongsToBundle(path);
}

/** The folder's manifest with the revision and the roots that hold; everything else as it was written. */
function manifestOf(
  files: readonly BundleFile[],
  bundle: Bundle,
  { revision, sequence, rollbackTo, release }: BuildOptions,
): Readonly<Record<string, unknown>> {
  const written = files.find(({ path }) => path === '.manifest');
  const document: Record<string, unknown> =
    written === undefined ? {} : JSON.parse(new TextDecoder().decode(written.bytes));
  const metadata = (document['metadata'] ?? {}) as { readonly writ?: object };
  const writ = {
    ...metadata.writ,
    ...(sequence === undefined ? {} : { sequence }),
    ...(rollbackTo === undefined ? {} : { rollback_to: rollbackTo }),
    ...(release === undefined ? {} : { release }),
  };
  return {
    ...document,
    revision: revision ?? document['revision'] ?? bundle.revision,
    roots: bundle.roots,
    ...(wasmOf(document).length === 0 ? {} : { wasm: wasmOf(document) }),
    ...(Object.keys(writ).length === 0 ? {} : { metadata: { ...metadata, writ } }),
  };
}

/** OPA finds a Wasm module by the very name that it has in the archive; its own archives name files from `/` on. */
function wasmOf(document: Readonly<Record<string, unknown>>): WasmResolver[] {
  const resolvers = (document['wasm'] ?? []) as readonly WasmResolver[];
  return resolvers.map((resolver) => ({ ...resolver, module: withoutLead(resolver.module) }));
}

/** The files with their signatures beside them, where a key is given. */
export async function withSignature(
  files: readonly BundleFile[],
  { signing }: BuildOptions,
): Promise<
  | { readonly ok: true; readonly files: readonly BundleFile[] }
  | { readonly ok: false; readonly problems: readonly BundleProblem[] }
> {
  if (signing === undefined) return { ok: true, files };
  const signed = await signBundle(files, signing);
  if (!signed.ok) return signed;
  const bytes = new TextEncoder().encode(signed.text);
  return { ok: true, files: [...files, { path: SIGNATURES_FILE, bytes }] };
}

/** The text of `.signatures.json` for a folder as it stands (`opa sign --bundle FOLDER`). */
export async function signDirectory(folder: string, signing: SigningOptions, limits?: Partial<BundleLimits>) {
  const read = await readDirectoryFiles(folder, completeLimits(limits), true);
  return read.ok ? signBundle(read.files, signing) : read;
}
