/** `npm run pin`: writes the exports and codes of every package to `tools/test/pinned-exports.json`, for review. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPublishedExports } from './exports.ts';
import { runCommand } from './run-command.ts';

const root = join(import.meta.dirname, '..');
const file = join(root, 'tools/test/pinned-exports.json');
const exports = await readPublishedExports(root);
writeFileSync(file, `${JSON.stringify(exports, null, 2)}\n`);
await runCommand(join(root, 'node_modules/.bin/biome'), ['format', '--write', file]);
const names = Object.values(exports).reduce(
  (sum, { values, types }) => sum + values.length + types.length,
  0,
);
console.log(`pinned ${names} names of ${Object.keys(exports).length} entries`);
