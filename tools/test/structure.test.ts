import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findCycles, readSources, resolveRelative, type SourceFile } from '../structure/imports.ts';
import {
  BROWSER_PACKAGES,
  FILE_LINES_MAX,
  FOLDER_LAYERS,
  LONG_FILES,
  NODE_FOLDERS,
  PACKAGE_LAYERS,
} from '../structure/layers.ts';

const root = join(import.meta.dirname, '../..');
const sources = readSources(root, ['packages']).filter((file) => /^packages\/[^/]+\/src\//.test(file.path));
const packageOf = (path: string): string => path.split('/')[1] ?? '';
const folderOf = (path: string): string => path.split('/').slice(3, -1)[0] ?? '';

function packageImports(file: SourceFile): string[] {
  return file.imports.flatMap((name) => (name.startsWith('@writ/') ? [name.split('/')[1] ?? ''] : []));
}

function folderRank(name: string, folder: string): number {
  return (FOLDER_LAYERS[name] ?? []).findIndex((rank) => rank.includes(folder));
}

describe('structure', () => {
  it('scans the sources at all', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(sources.some((file) => packageImports(file).length > 0)).toBe(true);
  });

  it('packages import only from lower layers', () => {
    const wrong = sources
      .filter((file) => packageOf(file.path) !== 'testing')
      .flatMap((file) =>
        packageImports(file)
          .filter((name) => !((PACKAGE_LAYERS[name] ?? 99) < (PACKAGE_LAYERS[packageOf(file.path)] ?? -1)))
          .map((name) => `${file.path} imports @writ/${name}`),
      );
    expect(wrong).toEqual([]);
  });

  it('each package declares what it imports, and nothing else of ours', () => {
    const wrong = Object.keys(PACKAGE_LAYERS)
      .filter((name) => existsSync(join(root, 'packages', name, 'package.json')))
      .flatMap((name) => {
        const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
        const declared = new Set(Object.keys(manifest.dependencies ?? {}));
        const used = new Set(
          sources
            .filter((file) => packageOf(file.path) === name)
            .flatMap((file) => file.imports)
            .filter((spec) => !spec.startsWith('.') && !spec.startsWith('node:'))
            .map((spec) =>
              spec
                .split('/')
                .slice(0, spec.startsWith('@') ? 2 : 1)
                .join('/'),
            ),
        );
        const missing = [...used]
          .filter((spec) => !declared.has(spec))
          .map((spec) => `${name} uses ${spec} undeclared`);
        // A program started as a child process is a dependency without an import.
        const text = sources
          .filter((file) => packageOf(file.path) === name)
          .map((file) => file.text)
          .join('\n');
        const unused = [...declared]
          .filter((spec) => !used.has(spec) && !text.includes(spec))
          .map((spec) => `${name} declares ${spec} unused`);
        return [...missing, ...unused];
      });
    expect(wrong).toEqual([]);
  });

  it('folders inside a package import only lower ones', () => {
    const wrong = sources.flatMap((file) => {
      const name = packageOf(file.path);
      const own = folderRank(name, folderOf(file.path));
      if (own < 0) return [];
      return file.imports
        .filter((spec) => spec.startsWith('.'))
        .map((spec) => resolveRelative(file.path, spec))
        .filter((target) => folderRank(name, folderOf(target)) > own)
        .map((target) => `${file.path} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it('has no import cycles', () => {
    expect(findCycles(sources).map((cycle) => cycle.join(' > '))).toEqual([]);
  });

  it('keeps files to one concept, or gives the reason', () => {
    const long = sources
      .filter(
        (file) =>
          file.text.split('\n').length > FILE_LINES_MAX && !/table|generated|signatures/.test(file.path),
      )
      .map((file) => file.path);
    expect(long.filter((path) => LONG_FILES[path] === undefined)).toEqual([]);
    expect(Object.keys(LONG_FILES).filter((path) => !long.includes(path))).toEqual([]);
  });

  it('exports by name only, without deep imports', () => {
    const wrong = sources
      .filter((file) => /^export \* /m.test(file.text))
      .map((file) => `${file.path}: export *`)
      .concat(
        sources.flatMap((file) =>
          file.imports
            .filter((spec) => /^@writ\/[^/]+\/(src|dist|test)/.test(spec))
            .map((spec) => `${file.path} imports ${spec}`),
        ),
      );
    expect(wrong).toEqual([]);
  });

  it('keeps Node out of what browsers load', () => {
    const wrong = sources
      .filter((file) => BROWSER_PACKAGES.includes(packageOf(file.path)))
      .filter((file) => !NODE_FOLDERS.some((folder) => file.path.startsWith(folder)))
      .filter((file) => file.imports.some((spec) => spec.startsWith('node:')))
      .map((file) => file.path);
    expect(wrong).toEqual([]);
  });

  it('names files in kebab-case', () => {
    const wrong = readSources(root, ['packages', 'tools', 'conformance', 'bench', 'examples'])
      .map((file) => file.path)
      .filter((path) => !/^[a-z0-9-]+(\.[a-z0-9-]+)*\.ts$/.test(path.split('/').at(-1) ?? ''));
    expect(wrong).toEqual([]);
  });

  it('switches no type or rule off', () => {
    const wrong = sources.filter((file) =>
      /@ts-(ignore|nocheck|expect-error)|\bas any\b(?=[^\w\s]|\s*[;,)\]}]|$)/m.test(file.text),
    );
    expect(wrong.map((file) => file.path)).toEqual([]);
  });
});

describe('what the project says of itself', () => {
  const texts = listText(root);
  it('holds no path of one machine, no registry address', () => {
    const wrong = texts.filter(({ text }) =>
      /(^|[\s"'`(=])\/(work|root|home)\/|registry\.npmjs|proxy\.golang\.org/m.test(text),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});

function listText(folder: string, prefix = ''): { path: string; text: string }[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = join(prefix, entry.name);
    if (/^(node_modules|\.git|build|\.cache|\.writ|coverage)$/.test(entry.name)) return [];
    if (entry.isDirectory()) return listText(folder, path);
    if (!/\.(ts|mjs|md|json|ya?ml|rego|sh|go)$|^run$|^\.npmrc$/.test(entry.name)) return [];
    if (path === join('tools', 'test', 'structure.test.ts')) return [];
    return [{ path, text: readFileSync(join(folder, path), 'utf8') }];
  });
}
