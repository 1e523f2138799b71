import type { BundleSource } from '@writ/bundle';
import { describeLayers, type LayersView } from './layers-view.ts';
import { DEFAULT_OVERRIDE_TERMS, listOverrides, type OverrideTerms } from './overrides.ts';
import type { PolicySource } from './policy-source.ts';
import { remotesOf } from './settle-remotes.ts';

/** The picture of what is active at this moment; undefined where nothing is. */
export async function liveLayers(
  policies: PolicySource,
  sources: readonly BundleSource[],
  terms: OverrideTerms = {},
): Promise<LayersView | undefined> {
  const hold = policies.hold();
  if (hold === undefined) return undefined;
  try {
    const nowMs = Date.now();
    return describeLayers(hold.set.bundles, {
      overrides: await listOverrides(hold.set, nowMs),
      terms: { ...DEFAULT_OVERRIDE_TERMS, ...terms },
      nowMs,
      activeSince: policies.activeSince(),
      published: remotesOf(sources).map((remote) => remote.status()),
    });
  } finally {
    hold.release();
  }
}
