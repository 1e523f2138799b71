import { type BundleSource, readSource } from '@writ/bundle';
import {
  createEmbeddedEngines,
  DEFAULT_OVERRIDE_TERMS,
  describeLayers,
  type LayersView,
  listOverrides,
  loadPolicies,
  type OverrideList,
  type OverrideTerms,
  renderLoadFailure,
} from '@writ/pdp';

/** The picture of bundles that nothing has activated. */
export interface OfflineLayers {
  readonly view: LayersView;
  /** Why they would not activate together; nothing where they would. */
  readonly refused?: string;
  /** Published bundles, which are not read without the service. */
  readonly unread: readonly string[];
}

/**
 * Reads bundles as a service would, activates nothing, and shows each that can be read even where they do not
 * activate. What is published elsewhere is not fetched.
 */
export async function readLayers(
  sources: readonly BundleSource[],
  terms: OverrideTerms = {},
): Promise<OfflineLayers> {
  const unread = sources.flatMap((source) => (source.kind === 'remote' ? [source.remote.name] : []));
  const local = sources.filter(({ kind }) => kind !== 'remote');
  const engine = createEmbeddedEngines();
  const nowMs = Date.now();
  try {
    const loaded = await loadPolicies(local, engine, { overrides: terms });
    const limits = { ...DEFAULT_OVERRIDE_TERMS, ...terms };
    if (!loaded.ok) {
      const read = await Promise.all(local.map(readSource));
      const bundles = read.flatMap((result) => (result.ok ? [result.bundle] : []));
      const overrides: OverrideList = { overrides: [], problems: [] };
      const view = describeLayers(bundles, { overrides, terms: limits, nowMs });
      return { view, unread, refused: renderLoadFailure(loaded) };
    }
    const overrides = await listOverrides(loaded.set, nowMs);
    const view = describeLayers(loaded.set.bundles, { overrides, terms: limits, nowMs });
    await loaded.set.policies.close();
    return { view, unread };
  } finally {
    await engine.close();
  }
}
