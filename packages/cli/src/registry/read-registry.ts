import { extname } from 'node:path';
import {
  type Bundle,
  type BundleProblem,
  type BundleSource,
  buildRegistry,
  type Registry,
  readRegistryFile,
  readSource,
  renderProblem,
} from '@writ/bundle';
import { bundleName, findBundlePaths } from '../compose/find-bundles.ts';
import { readText } from '../compose/read-text.ts';
import { serviceFromConfig } from '../compose/service-from-config.ts';
import { readConfig } from '../config/read-config.ts';
import { CommandError, EXIT } from '../exit-status.ts';

const FILES: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json']);

/** The registry that paths hold together, with everything that is wrong with it. */
export interface ReadRegistries {
  readonly registry: Registry;
  readonly problems: readonly BundleProblem[];
}

/**
 * Reads registries: files that hold one, folders and archives of bundles, or the bundles of the configuration where no
 * path is given.
 */
export async function readRegistries(
  paths: readonly string[],
  config: string | undefined,
): Promise<ReadRegistries> {
  const read = await Promise.all(
    paths.length === 0
      ? localSources(config).map(readSource)
      : paths.flatMap((path) =>
          FILES.has(extname(path))
            ? [Promise.resolve(readRegistryFile(readText(path), path, path))]
            : findBundlePaths(path).map((found) =>
                readSource({ kind: 'path', path: found, name: bundleName(found) }),
              ),
        ),
  );
  const { registry, problems } = buildRegistry(apart(read.flatMap((each) => (each.ok ? [each.bundle] : []))));
  return { registry, problems: [...read.flatMap((each) => (each.ok ? [] : each.problems)), ...problems] };
}

/** Two bundles of one name are two all the same: what both describe is a conflict. */
function apart(bundles: readonly Bundle[]): Bundle[] {
  return bundles.map((bundle, index) => {
    const isTaken = bundles.slice(0, index).some(({ name }) => name === bundle.name);
    return isTaken ? { ...bundle, name: `${bundle.name} (${index + 1})` } : bundle;
  });
}

/** The registry where there must be nothing wrong with it. */
export async function soundRegistry(paths: readonly string[], config: string | undefined): Promise<Registry> {
  const { registry, problems } = await readRegistries(paths, config);
  if (problems.length > 0) throw new CommandError(EXIT.badInput, problems.map(renderProblem).join('\n'));
  return registry;
}

function localSources(config: string | undefined): readonly BundleSource[] {
  const { bundles } = serviceFromConfig(readConfig(config), {});
  return bundles.filter(({ kind }) => kind !== 'remote');
}
