import { canonicalJson, type JsonObject } from '@writ/decision';
import { type BuildOptions, type BuildResult, buildBundle, withSignature } from '../build-bundle.ts';
import type { Bundle } from '../bundle.ts';
import { type BundleFile, completeLimits } from '../files.ts';
import type { BundleProblem } from '../problem.ts';
import { readTarballBytes } from '../read-tarball.ts';
import { isSignaturesFile } from '../signing/bundle-signature.ts';
import { readArchive } from '../tar.ts';
import { writeArchive } from '../write-archive.ts';
import { applyPatch, diffData, PATCH_FILE, type PatchOperation } from './patch.ts';
import { applyDeltas, beyondData } from './read-delta.ts';

/**
 * Packs what changed between an archive and a folder as an OPA delta bundle: data only. The manifest is the whole
 * bundle's, and says under `metadata.writ.delta` which bundle the patch changes (`from`, `from_revision`) and which one
 * it makes (`to`). Anything but data that changed is a problem, as is a change that a patch cannot tell: publish the
 * whole bundle then. `bundle` is what the delta makes.
 */
export async function buildDelta(
  folder: string,
  before: Uint8Array,
  options: BuildOptions = {},
): Promise<BuildResult> {
  const { signing: _, ...unsigned } = options;
  const built = await buildBundle(folder, unsigned);
  if (!built.ok) return built;
  const { bundle } = built;
  const read = await readTarballBytes(before, { name: bundle.name, skipVerify: true });
  if (!read.ok) return read;
  const base = read.bundle;
  const refuse = (problems: readonly Omit<BundleProblem, 'code'>[]): BuildResult => ({
    ok: false,
    problems: problems.map((problem) => ({
      code: 'bundle_delta_refused',
      bundle: bundle.name,
      help: 'publish the whole bundle: leave --delta-from out',
      ...problem,
    })),
  });
  const limits = completeLimits(options.limits);
  const [old, now] = [readArchive(before, limits), readArchive(built.archive, limits)];
  if (!old.ok || !now.ok) return { ok: false, problems: [...(old.ok ? [] : old.problems)] };
  const other = changedBesideData(base, bundle, old.files, now.files);
  if (other.length > 0) return refuse(other);
  const operations = operationsFor(base, bundle);
  if (typeof operations === 'string') return refuse([{ message: operations }]);
  const manifest = deltaManifest(now.files, base, bundle);
  const files = await withSignature([manifest, patchFile(operations)], options);
  if (!files.ok)
    return { ok: false, problems: files.problems.map((problem) => ({ bundle: bundle.name, ...problem })) };
  const archive = writeArchive(files.files.map(({ path, bytes }) => ({ path, text: bytes })));
  // What readers will do is done once here: a delta that would be refused is never published.
  const tried = await applyDeltas(base, [{ archive, detached: [] }], { name: bundle.name, skipVerify: true });
  if (!tried.ok) return refuse(tried.problems);
  return { ok: true, archive, bundle };
}

function changedBesideData(
  base: Bundle,
  bundle: Bundle,
  old: readonly BundleFile[],
  now: readonly BundleFile[],
): Omit<BundleProblem, 'code'>[] {
  const files = changedFiles(old, now).map((file) => ({
    message: 'a delta changes only data, and this is not data',
    file,
  }));
  if (files.length > 0 || beyondData(base) === beyondData(bundle)) return files;
  const message = 'roots, entrypoints or what it says of policies changed, and a delta changes only data';
  return [{ message, file: '.manifest' }];
}

/** Files that are neither data nor what a build writes, and differ. */
function changedFiles(old: readonly BundleFile[], now: readonly BundleFile[]): string[] {
  const counts = (path: string): boolean =>
    path !== '.manifest' &&
    !isSignaturesFile(path) &&
    !/(^|\/)data\.(json|ya?ml)$/.test(path) &&
    !path.endsWith('_test.rego');
  const [left, right] = [old, now].map(
    (files) => new Map(files.filter(({ path }) => counts(path)).map(({ path, bytes }) => [path, bytes])),
  );
  return [...new Set([...left!.keys(), ...right!.keys()])].sort().filter((path) => {
    const [one, other] = [left!.get(path), right!.get(path)];
    return one === undefined || other === undefined || Buffer.compare(one, other) !== 0;
  });
}

/** The operations, tried out; or why there are none. */
function operationsFor(base: Bundle, bundle: Bundle): PatchOperation[] | string {
  const operations = diffData(base.data, bundle.data);
  if (operations?.length === 0) return 'no data changed, so that there is nothing to put into a delta';
  const applied = operations === undefined ? undefined : applyPatch(base.data, operations, bundle.roots);
  const fits = applied?.ok === true && canonicalJson(applied.data) === canonicalJson(bundle.data);
  return fits ? operations! : 'this change of data cannot be told as a patch within the roots';
}

function patchFile(operations: readonly PatchOperation[]): BundleFile {
  const text = `${JSON.stringify({ data: operations }, null, 2)}\n`;
  return { path: PATCH_FILE, bytes: new TextEncoder().encode(text) };
}

function deltaManifest(files: readonly BundleFile[], base: Bundle, bundle: Bundle): BundleFile {
  const written = files.find(({ path }) => path === '.manifest')!;
  const document = JSON.parse(new TextDecoder().decode(written.bytes)) as {
    readonly metadata?: { readonly writ?: JsonObject };
  };
  const delta = { from: base.digest, from_revision: base.revision, to: bundle.digest };
  const writ = { ...document.metadata?.writ, delta };
  const manifest = { ...document, metadata: { ...document.metadata, writ } };
  return { path: '.manifest', bytes: new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`) };
}
