import { readFile } from 'node:fs/promises';

/** The Rego modules that stand in raw string literals of a Go source, each once. */
export async function modulesInGo(path: string): Promise<readonly string[]> {
  const source = await readFile(path, 'utf8');
  const found = new Set<string>();
  for (const [, literal] of source.matchAll(/`([^`]*)`/g)) {
    if (/^\s*(?:#[^\n]*\n\s*)*package [\w.]+/.test(literal!)) found.add(literal!);
  }
  return [...found];
}
