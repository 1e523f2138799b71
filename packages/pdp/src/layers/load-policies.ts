import {
  type BundleProblem,
  type BundleSource,
  checkReleases,
  type ReleaseRequirement,
  readSources,
} from '@writ/bundle';
import { nearestName, PROFILE_NAMES, profileNamed } from '@writ/decision';
import type { Engine, EngineDiagnostic } from '../engine/engine.ts';
import type { LoadFailure } from './load-failure.ts';
import { createPolicySet, engineBundleOf, type PolicySet } from './policy-set.ts';
import { deferReleases, isIncompleteRelease, offerOf, settleRemotes } from './settle-remotes.ts';

export type PolicyLoad =
  | { readonly ok: true; readonly set: PolicySet; readonly warnings: readonly EngineDiagnostic[] }
  | LoadFailure;

/** Reads, checks and compiles bundles; activates nothing. Never throws: whatever is wrong is in the answer. */
export async function loadPolicies(
  sources: readonly BundleSource[],
  engine: Engine,
  releases: readonly ReleaseRequirement[] = [],
): Promise<PolicyLoad> {
  const read = await readSources(sources);
  if (!read.ok) return { ok: false, problems: read.problems, diagnostics: [] };
  const profiles = read.bundles.flatMap((bundle) =>
    bundle.entrypoints.flatMap(({ path, profile }) => profileProblems(bundle.name, path, profile)),
  );
  const problems = profiles.length > 0 ? profiles : checkReleases(read.bundles, releases);
  if (problems.length > 0) return { ok: false, problems, diagnostics: [] };
  const loaded = await engine.load(read.bundles.map(engineBundleOf));
  if (!loaded.ok) return { ok: false, problems: [], diagnostics: loaded.diagnostics };
  return {
    ok: true,
    set: createPolicySet(read.bundles, loaded.policies, engine.name),
    warnings: loaded.warnings,
  };
}

/** What was loaded of what the sources offer, each published bundle told how that fared. */
export interface SettledLoad {
  readonly load: PolicyLoad;
  /** What was offered before and waits for the rest of its release, or was put aside. */
  readonly refused?: LoadFailure;
}

/**
 * Loads what the sources offer and settles it with them. Bundles of a release that is not whole wait, and the others
 * are loaded beside the last good ones in their place.
 */
export async function loadSettled(
  sources: readonly BundleSource[],
  engine: Engine,
  releases: readonly ReleaseRequirement[],
  onFault: (error: Error) => void,
): Promise<SettledLoad> {
  const offer = offerOf(sources);
  for (const [remote] of offer) remote.retry();
  const tried = offerOf(sources);
  const newest = await loadPolicies(sources, engine, releases);
  if (newest.ok || !deferReleases(tried, newest)) {
    await settleRemotes(tried, newest.ok ? newest.set : newest, onFault);
    return { load: newest };
  }
  const rest = offerOf(sources);
  const load = await loadPolicies(sources, engine, releases);
  await settleRemotes(rest, load.ok ? load.set : load, onFault);
  return { load, refused: newest };
}

/**
 * As `loadSettled`, for the first activation. What was fetched and does not activate is put aside, and what was good
 * before is tried in its place; then that failure is told all the same.
 */
export async function loadFirst(
  sources: readonly BundleSource[],
  engine: Engine,
  onFault: (error: Error) => void,
  releases: readonly ReleaseRequirement[] = [],
): Promise<SettledLoad> {
  const offer = offerOf(sources);
  const first = await loadSettled(sources, engine, releases, onFault);
  if (first.load.ok) return first;
  const failure = first.refused ?? first.load;
  const isSame = [...offer].every(([remote, content]) => remote.current() === content);
  if (isSame) return { load: failure };
  const load = await loadPolicies(sources, engine, releases);
  // Without a last good one it is what came that matters, not that there is nothing else.
  return load.ok || !isIncompleteRelease(failure) ? { load, refused: failure } : { load: failure };
}

function profileProblems(bundle: string, path: string, profile: string): BundleProblem[] {
  if (profileNamed(profile) !== undefined) return [];
  const nearest = nearestName(profile, PROFILE_NAMES);
  const help = nearest === undefined ? `one of ${PROFILE_NAMES.join(', ')}` : `did you mean \`${nearest}\`?`;
  return [
    {
      code: 'entrypoint_invalid',
      message: `entrypoint \`${path}\`: unknown profile \`${profile}\``,
      bundle,
      help,
    },
  ];
}
