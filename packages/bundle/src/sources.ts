import { open, stat } from 'node:fs/promises';
import type { Bundle, BundleResult, ReadBundleOptions } from './bundle.ts';
import { checkReviewers } from './governance.ts';
import { isSmallArchive, isSmallFolder, isSmallSize, readApart } from './large/read-apart.ts';
import type { BundleProblem } from './problem.ts';
import { readContent } from './read-content.ts';
import { readDirectory } from './read-directory.ts';
import { readTarball } from './read-tarball.ts';
import { buildRegistry } from './registry/build-registry.ts';
import type { Registry } from './registry/registry-model.ts';
import type { RemoteBundle } from './remote/remote-bundle.ts';
import { checkTogether } from './roots.ts';

/** Where a bundle comes from: a folder or an archive on this machine, one that is published elsewhere, or one in memory. */
export type BundleSource =
  | ({ readonly kind: 'path'; readonly path: string } & ReadBundleOptions)
  | ({ readonly kind: 'remote'; readonly remote: RemoteBundle } & Omit<
      ReadBundleOptions,
      'name' | 'revision'
    >)
  | { readonly kind: 'built-in'; readonly bundle: Bundle };

/** Bundles that can be active together: each read and checked, names and roots apart, one registry. */
export type BundleSetResult =
  | { readonly ok: true; readonly bundles: readonly Bundle[]; readonly registry: Registry }
  | { readonly ok: false; readonly problems: readonly BundleProblem[] };

/** Reads one source; a folder or an archive is told apart by what the path is. */
export async function readSource(source: BundleSource): Promise<BundleResult> {
  if (source.kind === 'built-in') return { ok: true, bundle: source.bundle };
  if (source.kind === 'remote') return readRemote(source);
  const { kind: _, path, ...options } = source;
  const isFolder = await stat(path).then(
    (status) => status.isDirectory(),
    () => true,
  );
  if (isFolder) {
    return (await isSmallFolder(path))
      ? readDirectory(path, options)
      : readApart({ kind: 'folder', path, options });
  }
  return (await isSmallFile(path))
    ? readTarball(path, options)
    : readApart({ kind: 'archive-file', path, options });
}

/** What cannot be opened counts as small: its reader says why. */
async function isSmallFile(path: string): Promise<boolean> {
  const handle = await open(path).catch(() => undefined);
  if (handle === undefined) return true;
  try {
    const { size } = await handle.stat();
    return isSmallSize(size) && isSmallArchive(await handle.readFile());
  } finally {
    await handle.close();
  }
}

type RemoteSource = Extract<BundleSource, { readonly kind: 'remote' }>;

/** What was fetched, or the last good; older than what was active once it is refused. */
async function readRemote({ kind: _, remote, ...options }: RemoteSource): Promise<BundleResult> {
  const { name } = remote;
  const content = remote.current();
  if (content === undefined) {
    const { failure, place } = remote.status();
    const none: BundleProblem = { code: 'bundle_unavailable', message: `nothing was fetched from ${place}` };
    return { ok: false, problems: [{ bundle: name, ...(failure ?? none) }] };
  }
  const { archive, detached, revision, deltas = [] } = content;
  const named = revision === undefined ? { name } : { name, revision };
  const all = { ...options, ...named, detached, deltas };
  const read = [archive, ...deltas.map((delta) => delta.archive)].every(isSmallArchive)
    ? await readContent(archive, all)
    : await readApart({ kind: 'archive', archive, options: all });
  if (!read.ok || remote.sequence === undefined) return read;
  const { sequence } = read.bundle;
  if (sequence !== undefined && sequence >= remote.sequence) return read;
  const message = `its sequence is ${sequence ?? 'missing'}, and ${remote.sequence} was active`;
  const help =
    'publish the old content anew with a higher sequence: `writ build --sequence N --rollback-to REVISION`';
  return { ok: false, problems: [{ bundle: name, code: 'bundle_downgrade', message, help }] };
}

/** Reads all sources and checks them together. Any problem of any means that none activates. Never throws. */
export async function readSources(sources: readonly BundleSource[]): Promise<BundleSetResult> {
  const results = await Promise.all(sources.map(readSource));
  const problems = results.flatMap((result) => (result.ok ? [] : result.problems));
  const bundles = results.flatMap((result) => (result.ok ? [result.bundle] : []));
  if (problems.length > 0) return { ok: false, problems };
  return checkSet(bundles);
}

/** The checks that concern several bundles at once. */
export function checkSet(bundles: readonly Bundle[]): BundleSetResult {
  const { registry, problems } = buildRegistry(bundles);
  const all = [...checkTogether(bundles), ...checkReviewers(bundles), ...problems];
  return all.length > 0
    ? { ok: false, problems: all }
    : { ok: true, bundles: Object.freeze([...bundles]), registry };
}
