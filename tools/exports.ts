import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What one entry of a package gives to others. */
export interface EntryExports {
  /** Names of classes, functions and constants. */
  readonly values: readonly string[];
  /** Names that only types use. */
  readonly types: readonly string[];
  /** Each exported list of codes (`…_CODES`), with its codes. */
  readonly codes: Readonly<Record<string, readonly string[]>>;
}

/** Exports of every entry of every published package, by what an import names: `@writ/sdk/local`. */
export type PublishedExports = Readonly<Record<string, EntryExports>>;

/** Reads every entry's source for its names, and loads it for its codes. */
export async function readPublishedExports(root: string): Promise<PublishedExports> {
  const entries: [string, EntryExports][] = [];
  for (const name of readdirSync(join(root, 'packages')).sort()) {
    const file = join(root, 'packages', name, 'package.json');
    if (!existsSync(file)) continue;
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as {
      name: string;
      private?: boolean;
      exports?: Record<string, string>;
    };
    if (manifest.private === true) continue;
    for (const [key, target] of Object.entries(manifest.exports ?? {})) {
      if (!target.endsWith('.ts')) continue;
      const source = join(root, 'packages', name, target);
      entries.push([`${manifest.name}${key.slice(1)}`, await readEntry(source)]);
    }
  }
  return Object.fromEntries(entries);
}

async function readEntry(source: string): Promise<EntryExports> {
  const module = (await import(pathToFileURL(source).href)) as Readonly<Record<string, unknown>>;
  const { values, types } = exportedNames(readFileSync(source, 'utf8'));
  const loaded = Object.keys(module).sort();
  if (loaded.join() !== values.join())
    throw new Error(`${source} exports ${loaded.join(', ')}, and its text names ${values.join(', ')}`);
  const codes = values
    .filter((name) => name.endsWith('_CODES') && Array.isArray(module[name]))
    .map((name) => [name, [...(module[name] as string[])]] as const);
  return { values, types, codes: Object.fromEntries(codes) };
}

/** The names in `export { … }` lists, which are the only form of export that an entry may have. */
function exportedNames(text: string): { values: string[]; types: string[] } {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
  const values: string[] = [];
  const types: string[] = [];
  for (const [, onlyTypes, list] of code.matchAll(/\bexport\s+(type\s+)?\{([^}]*)\}/g)) {
    for (const item of (list ?? '').split(',').map((each) => each.trim())) {
      if (item === '') continue;
      const name = item.replace(/^type\s+/, '').replace(/^.*\sas\s+/, '');
      (onlyTypes !== undefined || item.startsWith('type ') ? types : values).push(name);
    }
  }
  return { values: values.sort(), types: types.sort() };
}
