import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** All files below a folder, sorted, without those whose name, or a folder's of theirs, is ignored (`*` is anything). */
export function filesBelow(folder: string, ignore: readonly string[]): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !isIgnored(name, ignore))
    .map((entry) => ({ path: join(folder, entry.name), isFolder: entry.isDirectory() }))
    .sort((first, second) => (first.path < second.path ? -1 : 1))
    .flatMap(({ path, isFolder }) => (isFolder ? filesBelow(path, ignore) : [path]));
}

function isIgnored(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`).test(name);
  });
}
