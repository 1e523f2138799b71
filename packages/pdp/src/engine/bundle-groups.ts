import type { Json, JsonObject } from '@writ/decision';
import { compilePolicy, type ModuleSource } from '@writ/rego';
import type { EngineBundle, LoadedPolicies } from './engine.ts';

/**
 * Bundles that see each other's rules and data: all first parties together, as OPA has it (their roots are apart),
 * and each third party alone.
 */
export function groupBundles(bundles: readonly EngineBundle[]): readonly (readonly EngineBundle[])[] {
  const own = bundles.filter((bundle) => bundle.thirdParty !== true);
  const others = bundles.filter((bundle) => bundle.thirdParty === true).map((bundle) => [bundle]);
  return own.length > 0 ? [own, ...others] : others;
}

/** File names that are unique over several bundles, and the way back from them. */
export interface FileNames {
  readonly sources: readonly ModuleSource[];
  readonly origins: ReadonlyMap<
    string,
    { readonly bundle: string; readonly file: string; readonly text: string }
  >;
}

export function nameFiles(members: readonly EngineBundle[]): FileNames {
  const origins = new Map<string, { bundle: string; file: string; text: string }>();
  const sources = members.flatMap((bundle) =>
    bundle.modules.map(({ file, text, version }): ModuleSource => {
      const unique = members.length === 1 ? file : `${bundle.name}/${file}`;
      origins.set(unique, { bundle: bundle.name, file, text });
      return { file: unique, text, version: version ?? bundle.regoVersion };
    }),
  );
  return { sources, origins };
}

/** One `data` of several bundles. Their roots are apart, so that at most folders above the roots meet. */
export function mergeData(members: readonly EngineBundle[]): JsonObject {
  return members.map(({ data }) => data).reduce(mergeObjects, {});
}

function mergeObjects(left: JsonObject, right: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...left };
  for (const [key, value] of Object.entries(right)) {
    const present = Object.hasOwn(merged, key) ? merged[key] : undefined;
    merged[key] = isObject(present) && isObject(value) ? mergeObjects(present, value) : value;
  }
  return merged;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * What can be read by each path of these bundles, for engines that cannot tell it themselves: by our own analysis,
 * undefined for bundles that it does not take in whole.
 */
export function readsByAnalysis(bundles: readonly EngineBundle[]): LoadedPolicies['reads'] {
  const policies = new Map(
    groupBundles(bundles).flatMap((members) => {
      const { policy } = compilePolicy(nameFiles(members).sources);
      return policy === undefined ? [] : members.map(({ name }) => [name, policy] as const);
    }),
  );
  return (bundle, path) => policies.get(bundle)?.reads(path);
}
