import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { referencePages } from './reference/reference-pages.ts';
import { runCommand } from './run-command.ts';

// Writes the pages of the reference that are made from the code: `node tools/run.mjs tools/write-reference.ts`.
const root = join(import.meta.dirname, '..');
const pages = referencePages(root);
for (const [path, text] of pages) writeFileSync(join(root, path), text);
const { status, output } = await runCommand(
  join(root, 'node_modules/.bin/biome'),
  ['format', '--write', ...pages.keys()],
  { cwd: root },
);
console.log(status === 0 ? [...pages.keys()].join('\n') : output);
process.exitCode = status;
