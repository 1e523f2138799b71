import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Bundle, readSource, renderProblem } from '@writ/bundle';
import { CommandError, EXIT } from '../exit-status.ts';

const DEPTH_MAX = 4;

/**
 * The bundles that a path given on the command line means: the folder itself or an archive, or, where the folder holds
 * no policy at its top, every folder below it with a manifest (`examples/tutorial` means its `bundle`).
 */
export function findBundlePaths(path: string): string[] {
  const folder = resolve(path);
  if (!existsSync(folder)) throw new CommandError(EXIT.badInput, `there is no ${folder}`);
  if (!statSync(folder).isDirectory() || isBundle(folder)) return [folder];
  const below = manifestsBelow(folder, 1);
  return below.length > 0 ? below : [folder];
}

/** Reads every bundle at the paths; any problem ends the command, with all of them shown. */
export async function readBundles(paths: readonly string[]): Promise<Bundle[]> {
  const found = paths.flatMap(findBundlePaths);
  const results = await Promise.all(
    found.map((path) => readSource({ kind: 'path', path, name: bundleName(path) })),
  );
  const problems = results.flatMap((result) => (result.ok ? [] : result.problems.map(renderProblem)));
  if (problems.length > 0) throw new CommandError(EXIT.badInput, problems.join('\n'));
  return results.flatMap((result) => (result.ok ? [result.bundle] : []));
}

/** A name that tells bundles apart: the folder's, or its parent's where the folder is just called `bundle`. */
export function bundleName(path: string): string {
  const name = basename(path).replace(/\.(tar\.gz|tgz)$/, '');
  return name === 'bundle' || name === 'policy' ? basename(dirname(path)) || name : name;
}

function isBundle(folder: string): boolean {
  return existsSync(join(folder, '.manifest')) || readdirSync(folder).some((name) => name.endsWith('.rego'));
}

function manifestsBelow(folder: string, depth: number): string[] {
  if (depth > DEPTH_MAX) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .map((entry) => join(folder, entry.name))
    .flatMap((child) => (existsSync(join(child, '.manifest')) ? [child] : manifestsBelow(child, depth + 1)))
    .sort();
}
