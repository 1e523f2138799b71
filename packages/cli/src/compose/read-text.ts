import { readFileSync } from 'node:fs';
import { CommandError, EXIT } from '../exit-status.ts';

/** Text of a file named on the command line; `-` is standard input. */
export function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new CommandError(
      EXIT.badInput,
      `${file} can't be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
    );
  }
}
