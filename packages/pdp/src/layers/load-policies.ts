import {
  type BundleChange,
  type BundleProblem,
  type BundleSource,
  describeChange,
  readSources,
  renderProblem,
  type Watch,
  watchPaths,
} from '@writ/bundle';
import { nearestName, PROFILE_NAMES, profileNamed } from '@writ/decision';
import type { Engine, EngineDiagnostic } from '../engine/engine.ts';
import { createPolicySet, engineBundleOf, type PolicySet } from './policy-set.ts';
import type { PolicySource } from './policy-source.ts';
import { offerOf, remotesOf, settleRemotes } from './settle-remotes.ts';

/** Why bundles do not activate: what is wrong with them as bundles, or what the engine says about their policies. */
export interface LoadFailure {
  readonly ok: false;
  readonly problems: readonly BundleProblem[];
  readonly diagnostics: readonly EngineDiagnostic[];
}

export type PolicyLoad =
  | { readonly ok: true; readonly set: PolicySet; readonly warnings: readonly EngineDiagnostic[] }
  | LoadFailure;

/** Reads, checks and compiles bundles; activates nothing. Never throws: whatever is wrong is in the answer. */
export async function loadPolicies(sources: readonly BundleSource[], engine: Engine): Promise<PolicyLoad> {
  const read = await readSources(sources);
  if (!read.ok) return { ok: false, problems: read.problems, diagnostics: [] };
  const problems = read.bundles.flatMap((bundle) =>
    bundle.entrypoints.flatMap(({ path, profile }) => profileProblems(bundle.name, path, profile)),
  );
  if (problems.length > 0) return { ok: false, problems, diagnostics: [] };
  const loaded = await engine.load(read.bundles.map(engineBundleOf));
  if (!loaded.ok) return { ok: false, problems: [], diagnostics: loaded.diagnostics };
  return {
    ok: true,
    set: createPolicySet(read.bundles, loaded.policies, engine.name),
    warnings: loaded.warnings,
  };
}

/**
 * As `loadPolicies`, for the first activation. What was fetched and does not activate is put aside, and what was good
 * before is tried in its place; then that failure is told all the same.
 */
export async function loadFirst(
  sources: readonly BundleSource[],
  engine: Engine,
  onFault: (error: Error) => void,
): Promise<{ readonly load: PolicyLoad; readonly refused?: LoadFailure }> {
  const offer = offerOf(sources);
  const newest = await loadPolicies(sources, engine);
  await settleRemotes(offer, newest.ok ? newest.set : undefined, onFault);
  const isSame = [...offer].every(([remote, content]) => remote.current() === content);
  if (newest.ok || isSame) return { load: newest };
  return { load: await loadPolicies(sources, engine), refused: newest };
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

/** A failure for people: every problem and diagnostic, rendered with its source where the engine could. */
export function renderLoadFailure(failure: LoadFailure): string {
  return [...failure.problems.map(renderProblem), ...failure.diagnostics.map(renderDiagnosticLine)].join(
    '\n',
  );
}

function renderDiagnosticLine(diagnostic: EngineDiagnostic): string {
  if (diagnostic.rendered !== undefined) return diagnostic.rendered;
  const place = [diagnostic.file, diagnostic.row, diagnostic.column]
    .filter((part) => part !== undefined)
    .join(':');
  return `${diagnostic.code}: ${diagnostic.message}${place === '' ? '' : ` (${place})`}`;
}

/** What a watch of the bundles' files reports. */
export interface ReloadReport {
  /** New policies are active; what changed between the sets. */
  readonly onActivated?: (change: BundleChange, set: PolicySet) => Promise<void> | void;
  /** What is on disk does not activate; the last good set stays. */
  readonly onRefused?: (failure: LoadFailure) => Promise<void> | void;
  /** The watch itself broke: changes may be missed. */
  readonly onError?: (error: Error) => void;
  readonly debounceMs?: number;
  /** False: only what is published elsewhere is kept up with. */
  readonly watchFolders?: boolean;
}

/** Loads what the sources hold now and swaps it in where it differs; undefined where nothing changed. */
export async function reloadPolicies(
  sources: readonly BundleSource[],
  engine: Engine,
  source: PolicySource,
  onFault: (error: Error) => void = () => undefined,
): Promise<
  { readonly ok: true; readonly change: BundleChange; readonly set: PolicySet } | LoadFailure | undefined
> {
  const offer = offerOf(sources);
  const loaded = await loadPolicies(sources, engine);
  await settleRemotes(offer, loaded.ok ? loaded.set : undefined, onFault);
  if (!loaded.ok) return loaded;
  const before = source.current();
  if (before?.digest === loaded.set.digest) {
    await loaded.set.policies.close();
    return undefined;
  }
  source.swap(loaded.set);
  return { ok: true, change: describeChange(before?.bundles ?? [], loaded.set.bundles), set: loaded.set };
}

/** Keeps the active policies at what is on disk and what is published: each burst of changes is one reload, the last good set stays. */
export function watchPolicies(
  sources: readonly BundleSource[],
  engine: Engine,
  source: PolicySource,
  report: ReloadReport,
): Watch {
  const paths = sources.flatMap((each) => (each.kind === 'path' ? [each.path] : []));
  const watch = watchPaths(report.watchFolders === false ? [] : paths, {
    ...(report.debounceMs === undefined ? {} : { debounceMs: report.debounceMs }),
    ...(report.onError === undefined ? {} : { onError: report.onError }),
    async onChange() {
      const result = await reloadPolicies(sources, engine, source, report.onError);
      if (result === undefined) return;
      if (result.ok) await report.onActivated?.(result.change, result.set);
      else await report.onRefused?.(result);
    },
  });
  for (const remote of remotesOf(sources)) remote.onChange(() => watch.changed());
  return watch;
}
