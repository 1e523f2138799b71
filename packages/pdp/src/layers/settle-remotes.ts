import type { BundleSource, Fetched, RemoteBundle } from '@writ/bundle';
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
 * Tells each published bundle how what it had to offer fared: kept as the last good, or put aside until something else
 * is published. That it could not be kept on disk is a fault to report; it is in force all the same.
 */
export async function settleRemotes(
  offer: Offer,
  /** What was activated; undefined where what was offered does not. */
  activated: PolicySet | undefined,
  onFault: (error: Error) => void,
): Promise<void> {
  for (const [remote, content] of offer) {
    if (activated === undefined) {
      remote.refused(content);
      continue;
    }
    const bundle = activated.bundles.find(({ name }) => name === remote.name);
    try {
      await remote.accepted(content, bundle?.sequence);
    } catch (error) {
      onFault(error instanceof Error ? error : new Error(String(error)));
    }
  }
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
