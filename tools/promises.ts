import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const CITATION = /\[(P-[A-Z0-9]+(?:-[A-Z0-9]+)*)\]/g;

/** Ids that the titles of tests cite, with the files that do. */
export function citedPromises(root: string): Map<string, string[]> {
  const cited = new Map<string, string[]>();
  for (const file of testFiles(root)) {
    for (const [, id] of readFileSync(join(root, file), 'utf8').matchAll(CITATION)) {
      if (id === undefined) continue;
      const files = cited.get(id) ?? [];
      if (!files.includes(file)) cited.set(id, [...files, file]);
    }
  }
  return cited;
}

function testFiles(root: string): string[] {
  const folders = [
    ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/test`),
    'conformance/test',
    'examples/test',
    'tools/test',
  ];
  return folders.flatMap((folder) => listTests(root, folder));
}

function listTests(root: string, folder: string): string[] {
  let entries: ReturnType<typeof readEntries>;
  try {
    entries = readEntries(join(root, folder));
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return listTests(root, path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function readEntries(folder: string) {
  return readdirSync(folder, { withFileTypes: true });
}
