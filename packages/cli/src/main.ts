import { CommanderError } from 'commander';
import { EXIT } from './exit-status.ts';
import { endWithReader } from './output/broken-pipe.ts';
import { prepareProcess } from './prepare-process.ts';

prepareProcess();
endWithReader();
const { createProgram } = await import('./program.ts');

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // The message is printed already; `--help` and `--version` end here too, with status 0.
  process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
}
