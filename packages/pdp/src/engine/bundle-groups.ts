import type { EngineBundle } from './engine.ts';

/**
 * Bundles that see each other's rules and data: all first parties together, as OPA has it (their roots are apart),
 * and each third party alone.
 */
export function groupBundles(bundles: readonly EngineBundle[]): readonly (readonly EngineBundle[])[] {
  const own = bundles.filter((bundle) => bundle.thirdParty !== true);
  const others = bundles.filter((bundle) => bundle.thirdParty === true).map((bundle) => [bundle]);
  return own.length > 0 ? [own, ...others] : others;
}
