import type { JsonObject } from '@writ/decision';
import type { Bundle } from './bundle.ts';
import type { BundleProblem } from './problem.ts';
import { isObject } from './read-data.ts';

/** Do two roots share a part of `data`: one is the other or lies below it. `''` is everything. */
export function rootsOverlap(left: string, right: string): boolean {
  return isBelow(left, right) || isBelow(right, left);
}

/** Does a slash path lie in a root. */
export function isBelow(path: string, root: string): boolean {
  return root === '' || path === root || path.startsWith(`${root}/`);
}

/** Content that lies outside of a bundle's own roots, and roots of one bundle that overlap (both refused, as OPA does). */
export function checkRoots(
  roots: readonly string[],
  packages: readonly { readonly file: string; readonly path: string }[],
  data: JsonObject,
): BundleProblem[] {
  const problems: BundleProblem[] = [];
  roots.forEach((root, index) => {
    const other = roots.slice(0, index).find((earlier) => rootsOverlap(earlier, root));
    if (other !== undefined) {
      problems.push({
        code: 'roots_overlap',
        message: `the roots \`${other}\` and \`${root}\` overlap`,
        file: '.manifest',
        pointer: '/roots',
      });
    }
  });
  for (const { file, path } of packages) {
    if (!roots.some((root) => isBelow(path, root))) {
      problems.push({
        code: 'roots_violated',
        message: `package \`${path.replaceAll('/', '.')}\` lies outside of the bundle's roots`,
        file,
        help: `move it below one of ${roots.map((root) => `\`${root}\``).join(', ')}, or add its root to \`.manifest\``,
      });
    }
  }
  for (const path of pathsOutside(data, '', roots)) {
    problems.push({
      code: 'roots_violated',
      message: `data at \`${path}\` lies outside of the bundle's roots`,
      pointer: `/${path}`,
    });
  }
  return problems;
}

function pathsOutside(data: JsonObject, prefix: string, roots: readonly string[]): string[] {
  return Object.entries(data).flatMap(([key, value]) => {
    const path = prefix === '' ? key : `${prefix}/${key}`;
    if (roots.some((root) => isBelow(path, root))) return [];
    const leadsToRoot = roots.some((root) => isBelow(root, path));
    return leadsToRoot && isObject(value) ? pathsOutside(value, path, roots) : [path];
  });
}

/** Roots of a folder without a manifest: what it holds, and no more, so that several such folders stand together. */
export function rootsOfContent(packages: readonly string[], data: JsonObject): string[] {
  const paths = [
    ...packages,
    ...Object.entries(data).flatMap(([key, value]) => leafPaths(key, value as JsonObject)),
  ].sort();
  const roots: string[] = [];
  for (const path of paths) if (!roots.some((root) => isBelow(path, root))) roots.push(path);
  return roots;
}

/** An object with more members than this is a table of something, and owned as one. */
const SECOND_LEVEL_MAX = 100;

/** Data is owned to its second level: `writ/registry`, `payments/limits`. */
function leafPaths(key: string, value: JsonObject): string[] {
  const inner = isObject(value) ? Object.keys(value) : [];
  return inner.length > 0 && inner.length <= SECOND_LEVEL_MAX ? inner.map((each) => `${key}/${each}`) : [key];
}

/** Bundles whose roots overlap do not activate together; nor do two of one name. */
export function checkTogether(bundles: readonly Bundle[]): BundleProblem[] {
  const problems: BundleProblem[] = [];
  bundles.forEach((bundle, index) => {
    for (const earlier of bundles.slice(0, index)) {
      if (earlier.name === bundle.name) {
        problems.push({
          code: 'bundle_name_taken',
          message: `two bundles are named \`${bundle.name}\``,
          bundle: bundle.name,
        });
      } else if (!bundle.thirdParty && !earlier.thirdParty) problems.push(...overlapOf(earlier, bundle));
    }
  });
  return problems;
}

function overlapOf(earlier: Bundle, bundle: Bundle): BundleProblem[] {
  for (const root of bundle.roots) {
    const other = earlier.roots.find((candidate) => rootsOverlap(candidate, root));
    if (other !== undefined) {
      const message = `its root \`${root}\` overlaps with \`${other}\` of bundle \`${earlier.name}\``;
      return [
        {
          code: 'roots_overlap',
          message,
          bundle: bundle.name,
          help: 'give each bundle `roots` of its own in `.manifest`',
        },
      ];
    }
  }
  return [];
}
