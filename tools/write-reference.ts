import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { referencePages } from './reference/reference-pages.ts';

// Writes the pages of the reference that are made from the code: `node tools/run.mjs tools/write-reference.ts`.
const root = join(import.meta.dirname, '..');
for (const [path, text] of referencePages(root)) {
  writeFileSync(join(root, path), text);
  console.log(path);
}
