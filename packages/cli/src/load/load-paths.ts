import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join, relative, sep } from 'node:path';
import { fromJson, fromParsed, isPlainObject, type JsonObject, type ModuleSource } from '@writ/rego';
import { parse as parseYaml } from 'yaml';
import { findBundlePaths, readBundles } from '../compose/find-bundles.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { filesBelow } from './files-below.ts';

/** Policies and data as `--data` and `--bundle` name them. */
export interface Loaded {
  readonly modules: readonly ModuleSource[];
  readonly data: JsonObject;
}

export interface LoadOptions {
  /** Version that the modules are written in. */
  readonly version: 0 | 1;
  /** Names of files and folders to leave out; `*` stands for anything. */
  readonly ignore?: readonly string[];
}

const DATA_EXTENSIONS: ReadonlySet<string> = new Set(['.json', '.yaml', '.yml']);

/**
 * Reads paths as `opa eval --data` does: Rego, JSON and YAML files, alone or below a folder, whose subfolders name where
 * data goes. A folder with a manifest, or an archive, is read as a bundle.
 */
export async function loadPaths(paths: readonly string[], options: LoadOptions): Promise<Loaded> {
  const loaded: Loaded[] = [];
  for (const path of paths) loaded.push(await loadPath(path.replace(/^file:\/\//, ''), options));
  return mergeLoaded(loaded);
}

/** Reads bundles: folders or archives; only data files named `data` count. */
export async function loadBundles(paths: readonly string[], options: LoadOptions): Promise<Loaded> {
  const bundles = await readBundles(paths);
  return mergeLoaded(
    bundles.map(({ modules, testModules, data }) => ({
      modules: [...modules, ...testModules].map((module) =>
        options.version === 0 ? { ...module, version: 0 as const } : module,
      ),
      data: data as JsonObject,
    })),
  );
}

async function loadPath(path: string, options: LoadOptions): Promise<Loaded> {
  if (!existsSync(path)) throw new CommandError(EXIT.badInput, `there is no ${path}`);
  if (!statSync(path).isDirectory())
    return /\.(tar\.gz|tgz)$/.test(path) ? loadBundles([path], options) : loadFile(path, [], options);
  if (findBundlePaths(path).some((folder) => existsSync(join(folder, '.manifest'))))
    return loadBundles([path], options);
  return mergeLoaded(
    filesBelow(path, options.ignore ?? [])
      .filter(isSource)
      .map((file) => {
        const steps = relative(path, file).split(sep).slice(0, -1);
        return loadFile(file, steps, options);
      }),
  );
}

function isSource(path: string): boolean {
  return extname(path) === '.rego' || DATA_EXTENSIONS.has(extname(path));
}

function loadFile(path: string, steps: readonly string[], { version }: LoadOptions): Loaded {
  if (extname(path) === '.rego') {
    return { modules: [{ file: path, text: readFileSync(path, 'utf8'), version }], data: {} };
  }
  if (!DATA_EXTENSIONS.has(extname(path)))
    throw new CommandError(EXIT.badInput, `${path} is no Rego, JSON or YAML file`);
  const value = readData(path);
  if (!isPlainObject(value)) throw new CommandError(EXIT.badInput, `${path} does not hold an object`);
  const data = steps.reduceRight<JsonObject>((inner, step) => ({ [step]: inner }), value as JsonObject);
  return { modules: [], data };
}

function readData(path: string): unknown {
  const text = readFileSync(path, 'utf8');
  if (extname(path) === '.json') {
    const value = fromJson(text);
    if (value === undefined) throw new CommandError(EXIT.badInput, `${path} is not JSON`);
    return value;
  }
  try {
    return fromParsed(parseYaml(text, { intAsBigInt: true }));
  } catch (error) {
    throw new CommandError(EXIT.badInput, `${basename(path)} is not YAML: ${(error as Error).message}`);
  }
}

/** What several paths give together; of two values at one place the later one stands. */
export function mergeLoaded(loaded: readonly Loaded[]): Loaded {
  return {
    modules: loaded.flatMap(({ modules }) => modules),
    data: loaded.reduce<JsonObject>((merged, { data }) => mergeData(merged, data), {}),
  };
}

function mergeData(first: JsonObject, second: JsonObject): JsonObject {
  const merged = new Map(Object.entries(first));
  for (const [key, value] of Object.entries(second)) {
    const before = merged.get(key);
    const both = before !== undefined && isPlainObject(before) && isPlainObject(value);
    merged.set(key, both ? mergeData(before as JsonObject, value as JsonObject) : value);
  }
  return Object.fromEntries(merged);
}
