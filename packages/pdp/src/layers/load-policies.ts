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
import { checkOverrides, listOverrides, type OverrideTerms } from './overrides.ts';
import { createPolicySet, engineBundleOf, type PolicySet } from './policy-set.ts';
import { policyWarnings } from './policy-warnings.ts';
import { deferReleases, isIncompleteRelease, offerOf, refuseNamed, settleRemotes } from './settle-remotes.ts';

export type PolicyLoad =
  | { readonly ok: true; readonly set: PolicySet; readonly warnings: readonly EngineDiagnostic[] }
  | LoadFailure;

/** What the operator says of all bundles together. */
export interface ActivationTerms {
  readonly overrides?: OverrideTerms;
  /** Which bundles are released together. */
  readonly releases?: readonly ReleaseRequirement[];
}

/** Reads, checks and compiles bundles; activates nothing. Never throws: whatever is wrong is in the answer. */
export async function loadPolicies(
  sources: readonly BundleSource[],
  engine: Engine,
  terms: ActivationTerms = {},
): Promise<PolicyLoad> {
  const read = await readSources(sources);
  if (!read.ok) return { ok: false, problems: read.problems, diagnostics: [] };
  const profiles = read.bundles.flatMap((bundle) =>
    bundle.entrypoints.flatMap(({ path, profile }) => profileProblems(bundle.name, path, profile)),
  );
  const problems = profiles.length > 0 ? profiles : checkReleases(read.bundles, terms.releases ?? []);
  if (problems.length > 0) return { ok: false, problems, diagnostics: [] };
  const loaded = await engine.load(read.bundles.map(engineBundleOf));
  if (!loaded.ok) return { ok: false, problems: [], diagnostics: loaded.diagnostics };
  return admitted(createPolicySet(read.bundles, loaded.policies, engine.name), loaded.warnings, terms);
}

/** What can only be judged of compiled policies: what they state as overrides. */
async function admitted(
  set: PolicySet,
  warnings: readonly EngineDiagnostic[],
  { overrides: terms = {} }: ActivationTerms,
): Promise<PolicyLoad> {
  const nowMs = Date.now();
  const list = await listOverrides(set, nowMs);
  const problems = checkOverrides(list, terms);
  if (problems.length > 0) {
    await set.policies.close();
    return { ok: false, problems, diagnostics: [] };
  }
  return { ok: true, set, warnings: [...warnings, ...policyWarnings(set.bundles, list, terms, nowMs)] };
}

/** What was loaded of what the sources offer, each published bundle told how that fared. */
export interface SettledLoad {
  readonly load: PolicyLoad;
  /** What was offered before and waits for the rest of its release, or was put aside. */
  readonly refused?: LoadFailure;
}

/**
 * Loads what the sources offer and settles it with them. What is wrong is put aside, bundles of a release that is not
 * whole wait, and the others are loaded beside the last good ones in their place.
 */
export async function loadSettled(
  sources: readonly BundleSource[],
  engine: Engine,
  terms: ActivationTerms,
  onFault: (error: Error) => void,
): Promise<SettledLoad> {
  for (const [remote] of offerOf(sources)) remote.retry();
  let refused: LoadFailure | undefined;
  // Each turn takes at least one new content out of what is tried.
  for (;;) {
    const tried = offerOf(sources);
    const load = await loadPolicies(sources, engine, terms);
    const isSettled = load.ok || !(deferReleases(tried, load) || refuseNamed(tried, load));
    if (isSettled) {
      await settleRemotes(tried, load.ok ? load.set : load, onFault);
      return refused === undefined ? { load } : { load, refused };
    }
    refused ??= load;
  }
}

/**
 * As `loadSettled`, for the first activation. What was fetched and does not activate is put aside, and what was good
 * before is tried in its place; then that failure is told all the same.
 */
export async function loadFirst(
  sources: readonly BundleSource[],
  engine: Engine,
  onFault: (error: Error) => void,
  terms: ActivationTerms = {},
): Promise<SettledLoad> {
  const offer = offerOf(sources);
  const first = await loadSettled(sources, engine, terms, onFault);
  if (first.load.ok) return first;
  const failure = first.refused ?? first.load;
  const isSame = [...offer].every(([remote, content]) => remote.current() === content);
  if (isSame) return { load: failure };
  const load = await loadPolicies(sources, engine, terms);
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
