import type { Bundle } from './bundle.ts';
import type { BundleProblem } from './problem.ts';

/** Which bundles are released together; `release` in `writ.yaml`. */
export interface ReleaseRequirement {
  readonly name: string;
  /** Names of bundles that must all be of this release, and of one version. */
  readonly bundles: readonly string[];
}

/**
 * Bundles of one release activate only when all are there in one version: those that are required to be of it, and any
 * other that says so. A third party's word does not count. One problem for each of them where they are not.
 */
export function checkReleases(
  bundles: readonly Bundle[],
  required: readonly ReleaseRequirement[] = [],
): BundleProblem[] {
  const own = bundles.filter(({ thirdParty }) => !thirdParty);
  const names = new Set([
    ...required.map(({ name }) => name),
    ...own.flatMap(({ release }) => (release === undefined ? [] : [release.name])),
  ]);
  return [...names].flatMap((name) => {
    const needed = required.filter((one) => one.name === name).flatMap((one) => one.bundles);
    const members = own.filter((bundle) => bundle.release?.name === name || needed.includes(bundle.name));
    const versions = members.map((bundle) =>
      bundle.release?.name === name ? bundle.release.version : undefined,
    );
    const absent = needed.filter((one) => !own.some((bundle) => bundle.name === one));
    const isWhole = absent.length === 0 && new Set(versions).size <= 1 && !versions.includes(undefined);
    if (isWhole) return [];
    return [
      ...members.map(({ name: bundle }, index) => problemOf(name, bundle, versions[index])),
      ...absent.map((bundle) => problemOf(name, bundle, undefined)),
    ];
  });
}

function problemOf(release: string, bundle: string, version: string | undefined): BundleProblem {
  const message =
    version === undefined
      ? `it is not of release \`${release}\`, whose bundles activate together`
      : `it is of release \`${release}\` ${version}, and others are not`;
  const help = 'publish every bundle of the release in one version: `writ build --release FILE`';
  return { code: 'release_incomplete', message, bundle, help };
}
