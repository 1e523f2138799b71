import { type BundleChange, type BundleSource, describeChange, type Watch, watchPaths } from '@writ/bundle';
import type { Engine, EngineDiagnostic } from '../engine/engine.ts';
import type { LoadFailure } from './load-failure.ts';
import { type ActivationTerms, loadSettled } from './load-policies.ts';
import type { PolicySet } from './policy-set.ts';
import type { PolicySource } from './policy-source.ts';
import { remotesOf } from './settle-remotes.ts';

/** What a watch of the bundles' files reports. */
export interface ReloadReport {
  /** New policies are active; what changed between the sets. */
  readonly onActivated?: (
    change: BundleChange,
    set: PolicySet,
    warnings: readonly EngineDiagnostic[],
  ) => Promise<void> | void;
  /** What is on disk does not activate; the last good set stays. */
  readonly onRefused?: (failure: LoadFailure) => Promise<void> | void;
  /** The watch itself broke: changes may be missed. */
  readonly onError?: (error: Error) => void;
  readonly debounceMs?: number;
  /** False: only what is published elsewhere is kept up with. */
  readonly watchFolders?: boolean;
  /** What the operator says of all bundles together. */
  readonly terms?: ActivationTerms;
}

/** What a reload came to; `activated` is absent where nothing changed. */
export interface Reloaded {
  readonly activated?: {
    readonly change: BundleChange;
    readonly set: PolicySet;
    readonly warnings: readonly EngineDiagnostic[];
  };
  /** What does not activate, or waits for the rest of its release. */
  readonly refused?: LoadFailure;
}

/** Loads what the sources hold now and swaps it in where it differs; one after another, writes over the API among them. */
export function reloadPolicies(
  sources: readonly BundleSource[],
  engine: Engine,
  source: PolicySource,
  options: Pick<ReloadReport, 'onError' | 'terms'> = {},
): Promise<Reloaded> {
  return source.inTurn(() => reload(sources, engine, source, options));
}

async function reload(
  sources: readonly BundleSource[],
  engine: Engine,
  source: PolicySource,
  options: Pick<ReloadReport, 'onError' | 'terms'>,
): Promise<Reloaded> {
  const { onError = () => undefined, terms = {} } = options;
  const { load, refused } = await loadSettled(sources, engine, terms, onError);
  if (!load.ok) return { refused: refused ?? load };
  const told = refused === undefined ? {} : { refused };
  const before = source.current();
  if (before?.digest === load.set.digest) {
    await load.set.policies.close();
    return told;
  }
  source.swap(load.set);
  return {
    ...told,
    activated: {
      change: describeChange(before?.bundles ?? [], load.set.bundles),
      set: load.set,
      warnings: load.warnings,
    },
  };
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
      const { activated, refused } = await reloadPolicies(sources, engine, source, report);
      if (activated !== undefined)
        await report.onActivated?.(activated.change, activated.set, activated.warnings);
      if (refused !== undefined) await report.onRefused?.(refused);
    },
  });
  for (const remote of remotesOf(sources)) remote.onChange(() => watch.changed());
  return watch;
}
