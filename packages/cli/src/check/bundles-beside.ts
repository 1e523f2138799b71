import { dirname } from 'node:path';
import { type Bundle, type BundleProblem, checkSet } from '@writ/bundle';
import type { CheckedBundle } from './check-bundle.ts';

/** A bundle that could be read. */
export type ReadBundle = CheckedBundle & { readonly bundle: Bundle };

/** Bundles in one folder stand together: they are what a service would have active at once. */
export function bundlesBeside(checked: readonly CheckedBundle[]): readonly (readonly ReadBundle[])[] {
  const read = checked.filter((one): one is ReadBundle => one.bundle !== undefined);
  return [...Map.groupBy(read, ({ path }) => dirname(path)).values()];
}

/** Why bundles that stand together cannot be active together: overlapping roots, one name, one tool described twice. */
export function contradictions(checked: readonly CheckedBundle[]): BundleProblem[] {
  return bundlesBeside(checked).flatMap((group) => {
    const set = checkSet(group.map(({ bundle }) => bundle));
    return set.ok ? [] : [...set.problems];
  });
}
