import { type BundleSource, contentFacts, type Fetched, type RemoteBundle } from '@writ/bundle';
import { type LoadFailure, renderLoadFailure } from './load-failure.ts';
import type { PolicySet } from './policy-set.ts';

/** The published bundles among the sources. */
export function remotesOf(sources: readonly BundleSource[]): readonly RemoteBundle[] {
  return sources.flatMap((source) => (source.kind === 'remote' ? [source.remote] : []));
}

/** What each published bundle has to offer now. */
export type Offer = ReadonlyMap<RemoteBundle, Fetched | undefined>;

export function offerOf(sources: readonly BundleSource[]): Offer {
  return new Map(remotesOf(sources).map((remote) => [remote, remote.current()]));
}

/**
 * Tells each published bundle how what it had to offer fared: kept as the last good, put aside until something else is
 * published, or to be tried again. That it could not be kept on disk is a fault to report; it is in force all the same.
 */
export async function settleRemotes(
  offer: Offer,
  /** What was activated, or why what was offered does not. */
  outcome: PolicySet | LoadFailure,
  onFault: (error: Error) => void,
): Promise<void> {
  if (!('bundles' in outcome)) {
    settleFailure(offer, outcome);
    return;
  }
  for (const [remote, content] of offer) {
    const bundle = outcome.bundles.find(({ name }) => name === remote.name);
    if (bundle === undefined) continue;
    try {
      await remote.accepted(content, contentFacts(bundle));
    } catch (error) {
      onFault(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/**
 * Nothing that is named as wrong can be put aside any more. One new content among good ones is what does not fit; of
 * several, or beside a folder that is wrong, none can be told to be at fault: all are tried again with the next change.
 */
function settleFailure(offer: Offer, failure: LoadFailure): void {
  const named = namedIn(failure);
  const published = new Set(
    [...offer].flatMap(([{ name }, content]) => (content === undefined ? [] : [name])),
  );
  const fresh = [...offer].filter(([remote, content]) => remote.isNew(content));
  const isAtFault = fresh.length === 1 && [...named].every((name) => published.has(name));
  for (const [remote, content] of fresh) {
    if (isAtFault) remote.refused(content, renderLoadFailure(failure));
    else remote.deferred(content);
  }
}

/**
 * Puts aside what is new and named as wrong, so that the rest is judged beside the last good ones in its place; false
 * where nothing new is named.
 */
export function refuseNamed(offer: Offer, failure: LoadFailure): boolean {
  const named = namedIn(failure);
  const wrong = [...offer].filter(([remote, content]) => named.has(remote.name) && remote.isNew(content));
  for (const [remote, content] of wrong) remote.refused(content, renderLoadFailure(failure));
  return wrong.length > 0;
}

function namedIn({ problems, diagnostics }: LoadFailure): ReadonlySet<string> {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  return new Set([...problems, ...errors].flatMap(({ bundle }) => bundle ?? []));
}

/** Puts what is of an incomplete release to wait for the rest of it; false where nothing of it can. */
export function deferReleases(offer: Offer, failure: LoadFailure): boolean {
  if (!isIncompleteRelease(failure)) return false;
  const members = new Set(failure.problems.map(({ bundle }) => bundle));
  let deferred = false;
  for (const [remote, content] of offer) {
    if (!members.has(remote.name)) continue;
    remote.deferred(content);
    if (remote.current() !== content) deferred = true;
  }
  return deferred;
}

/** Whether bundles fail to activate for nothing but that others of their release are not there. */
export function isIncompleteRelease({ problems, diagnostics }: LoadFailure): boolean {
  const isOne = problems.every(({ code }) => code === 'release_incomplete');
  return diagnostics.length === 0 && problems.length > 0 && isOne;
}

/** Why nothing may be decided by what was fetched: it is older than its operator allows. */
export function staleReason(sources: readonly BundleSource[]): string | undefined {
  const stale = remotesOf(sources)
    .map((remote) => remote.status())
    .find((status) => status.stale);
  if (stale === undefined) return undefined;
  const age = stale.ageMs === undefined ? 'of unknown age' : `${Math.round(stale.ageMs / 1000)} s old`;
  return `bundle \`${stale.name}\` is ${age}, and ${stale.place} does not say that it still holds`;
}
