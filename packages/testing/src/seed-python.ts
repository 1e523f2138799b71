import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A Python file printed in a seed document, with its indentation restored and otherwise as printed. */
export interface SeedPython {
  readonly authz: string;
  readonly loop: string;
}

/**
 * Indentation of each printed line, in steps of four spaces: the print lost it, and Python cannot be re-indented by
 * rule, since nothing tells where a block ends.
 */
const AUTHZ_LEVELS = '00000 00 0111 00111 01 1 2 333 3 3 4 3 2 1 1222 1 22 1 1 2 1 222 1'.replaceAll(' ', '');
const LOOP_LEVELS = '00 0 0 0 1111 1 1 1 22 1 22 1 22 2 3 1 1 1'.replaceAll(' ', '');

/** Reads `authz.py` and `loop.py` from the seeds' folder; says why where it can't. */
export function loadSeedPython(seedsFolder: string): SeedPython | { readonly skip: string } {
  if (!existsSync(seedsFolder)) {
    return {
      skip: 'the seed documents are not beside this checkout (their text is not part of the project)',
    };
  }
  const file = readdirSync(seedsFolder).find((name) => name.startsWith('000_'));
  if (file === undefined) return { skip: 'seed document 000 is missing' };
  const lines = readFileSync(join(seedsFolder, file), 'utf8').split('\n');
  return {
    authz: reindent(lines, '# authz.py', AUTHZ_LEVELS),
    loop: reindent(lines, '# loop.py', LOOP_LEVELS),
  };
}

function reindent(lines: readonly string[], marker: string, levels: string): string {
  const start = lines.findIndex((line) => line.startsWith(marker));
  if (start < 0) throw new Error(`the seed document has no ${marker}`);
  return [...levels]
    .map((level, index) => `${'    '.repeat(Number(level))}${lines[start + index] ?? ''}\n`)
    .join('');
}
