import { enableCompileCache } from 'node:module';
import { CommanderError } from 'commander';
import { EXIT } from './exit-status.ts';

// Starting is most of what short commands do: compiled code is kept between runs.
enableCompileCache();
const { createProgram } = await import('./program.ts');

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // The message is printed already; `--help` and `--version` end here too, with status 0.
  process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
}
