import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The rows of the table in an example's README: request, what it asks, outcome, reason. */
export function readmeTable(folder: string): string[][] {
  return readFileSync(join(folder, 'README.md'), 'utf8')
    .split('\n')
    .filter((line) => /^\| `[^`]+\.json`/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}
