import { canonicalJson, type Json, type JsonObject, readStrictBytes } from '@writ/decision';
import { assembleContent } from '../assemble.ts';
import type { Bundle, BundleResult, ReadBundleOptions } from '../bundle.ts';
import { type BundleFile, completeLimits } from '../files.ts';
import { readManifest } from '../manifest.ts';
import type { BundleProblem } from '../problem.ts';
import { isObject } from '../read-data.ts';
import { isSignaturesFile } from '../signing/bundle-signature.ts';
import { checkSignatures, type SignedArchive } from '../signing/check-signatures.ts';
import { readArchive } from '../tar.ts';
import { applyPatch, PATCH_FILE, readPatch } from './patch.ts';

/** A delta bundle as it came. */
export interface DeltaArchive {
  readonly archive: Uint8Array;
  readonly detached: readonly string[];
}

/**
 * A bundle and the deltas that followed it, as one bundle: each delta's signatures are checked as a snapshot's are, it
 * must name the bundle that it changes (`metadata.writ.delta`), and nothing of it is looked at before. Gives the
 * problems of the first delta that does not fit.
 */
export async function applyDeltas(
  base: Bundle,
  deltas: readonly DeltaArchive[],
  options: ReadBundleOptions & { readonly name: string },
): Promise<BundleResult> {
  let result: BundleResult = { ok: true, bundle: base };
  for (const delta of deltas) {
    if (!result.ok) return result;
    result = await applyDelta(result.bundle, delta, options);
  }
  return result;
}

async function applyDelta(
  base: Bundle,
  { archive, detached }: DeltaArchive,
  options: ReadBundleOptions & { readonly name: string },
): Promise<BundleResult> {
  const limits = completeLimits(options.limits);
  const named = (problems: readonly BundleProblem[]): BundleResult => ({
    ok: false,
    problems: problems.map((problem) => ({ bundle: options.name, ...problem })),
  });
  const read = readArchive(archive, limits);
  if (!read.ok) return named(read.problems);
  const signed: SignedArchive = { bytes: archive, detached };
  const checked = await checkSignatures(read.files, options, signed);
  if (checked.problems.length > 0) return named(checked.problems);
  const parts = partsOf(read.files);
  if ('problem' in parts) return named([parts.problem]);
  const patch = readPatch(parts.patch, limits);
  if (!patch.ok) return named([patch.problem]);
  const manifest = readDeltaManifest(parts.manifest);
  if ('problems' in manifest) return named(manifest.problems);
  const unfit = whyUnfit(base, manifest);
  if (unfit !== undefined) return named([refused(unfit)]);
  const applied = applyPatch(base.data, patch.operations, base.roots);
  if (!applied.ok) return named([applied.problem]);
  const { signatures: _required, ...rest } = options;
  const result = assembleContent(filesOf(base, manifest.document), {
    ...rest,
    data: applied.data,
    checked: checked.signatures,
  });
  if (!result.ok) return result;
  const otherwise = whyOtherwise(base, result.bundle, manifest);
  return otherwise === undefined ? result : named([refused(otherwise)]);
}

interface Parts {
  readonly patch: BundleFile;
  readonly manifest: BundleFile;
}

/** A delta is a patch and a manifest, and nothing that could be policy. */
function partsOf(files: readonly BundleFile[]): Parts | { readonly problem: BundleProblem } {
  const other = files.find(
    ({ path }) => path !== PATCH_FILE && path !== '.manifest' && !isSignaturesFile(path),
  );
  if (other !== undefined)
    return { problem: refused('a delta holds a manifest and a patch, and nothing else', other.path) };
  const find = (name: string): BundleFile | undefined => files.find(({ path }) => path === name);
  const [patch, manifest] = [find(PATCH_FILE), find('.manifest')];
  if (patch === undefined) return { problem: refused('it has no patch') };
  if (manifest === undefined) return { problem: refused('it has no manifest that names what it changes') };
  return { patch, manifest };
}

function refused(message: string, file?: string): BundleProblem {
  const help = 'the whole bundle (a snapshot) is fetched instead';
  return { code: 'bundle_delta_refused', message, help, ...(file === undefined ? {} : { file }) };
}

interface DeltaManifest {
  /** Without `metadata.writ.delta`: what the snapshot's own manifest says. */
  readonly document: JsonObject;
  readonly from?: string | undefined;
  readonly fromRevision?: string | undefined;
  readonly to?: string | undefined;
}

function readDeltaManifest(
  file: BundleFile,
): DeltaManifest | { readonly problems: readonly BundleProblem[] } {
  const read = readStrictBytes(file.bytes);
  if (!read.ok) return { problems: [refused(read.message, file.path)] };
  const checked = readManifest(read.value);
  if (!checked.ok) return { problems: checked.problems };
  const { delta } = checked.manifest;
  const { from, from_revision: fromRevision, to } = delta ?? {};
  return { document: withoutDelta(read.value as JsonObject), from, fromRevision, to };
}

function withoutDelta({ metadata, ...document }: JsonObject): JsonObject {
  if (!isObject(metadata) || !isObject(metadata['writ'])) return { ...document, ...definedOf({ metadata }) };
  const { delta: _, ...writ } = metadata['writ'];
  const { writ: _writ, ...others } = metadata;
  const kept = { ...others, ...(Object.keys(writ).length === 0 ? {} : { writ }) };
  return { ...document, ...(Object.keys(kept).length === 0 ? {} : { metadata: kept }) };
}

function definedOf({ metadata }: { readonly metadata: Json | undefined }): JsonObject {
  return metadata === undefined ? {} : { metadata };
}

/** A delta that names no base could be put on any: an old one, well signed, would then change what it was not made for. */
function whyUnfit(base: Bundle, { from, fromRevision }: DeltaManifest): string | undefined {
  if (from === undefined && fromRevision === undefined)
    return 'it does not name the bundle that it changes (`metadata.writ.delta`)';
  if (from !== undefined && from !== base.digest)
    return `it changes the bundle with digest ${from}, and ${base.digest} is what is here`;
  if (fromRevision !== undefined && fromRevision !== base.revision)
    return `it changes revision \`${fromRevision}\`, and \`${base.revision}\` is what is here`;
  return undefined;
}

/** Only data may have changed, and what came out must be what the publisher had. */
function whyOtherwise(base: Bundle, result: Bundle, { to }: DeltaManifest): string | undefined {
  if (beyondData(base) !== beyondData(result))
    return 'its manifest says something else of policies than that of the bundle which it changes';
  return to === undefined || to === result.digest
    ? undefined
    : `it makes a bundle with digest ${result.digest}, and was to make ${to}`;
}

/** All that a bundle says beside its data and its own name: equal before and after a delta. */
export function beyondData({ roots, modules, entrypoints, metadata }: Bundle): string {
  const writ = isObject(metadata['writ']) ? metadata['writ'] : {};
  const { sequence: _sequence, rollback_to: _rollback, delta: _delta, entrypoints: _listed, ...facts } = writ;
  const versions = modules.map(({ file, version }) => [file, version]);
  return canonicalJson([[...roots].sort(), versions, entrypoints, facts] as unknown as Json);
}

/** What the changed bundle is made of again: its modules, and the manifest that came with the delta. */
function filesOf(base: Bundle, manifest: JsonObject): BundleFile[] {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  return [
    { path: '.manifest', bytes: encode(JSON.stringify(manifest)) },
    ...[...base.modules, ...base.testModules].map(({ file, text }) => ({ path: file, bytes: encode(text) })),
    ...(base.engineContent?.files ?? []),
  ];
}
