import { resolve } from 'node:path';
import { exportTiles } from '@writ/ledger';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { dataDirectory } from '../compose/operator-client.ts';
import { CommandError, EXIT } from '../exit-status.ts';

interface ExportOptions {
  readonly config?: string;
  readonly data?: string;
  readonly tiles?: string;
}

/** `writ log export`: the log in forms that other tools take. */
export function exportCommand(): Command {
  const command = new Command('export')
    .description('Write the log in forms that other tools take; done again, it adds what is new')
    .option('--tiles <dir>', 'as C2SP tlog-tiles: checkpoint, tiles and entries, without personal fields')
    .option('--config <file>', 'configuration (default: writ.yaml in this folder)')
    .option('--data <dir>', "data directory, or a copy of one (default: the configuration's, else .writ)")
    .addHelpText('after', '\nExample:\n  npx writ log export --tiles public-log');
  return withAction(command, ({ output }: CommandContext, options: ExportOptions) => {
    if (options.tiles === undefined) throw new CommandError(EXIT.usage, 'name what to write: --tiles DIR');
    const directory = dataDirectory({
      ...(options.config === undefined ? {} : { config: options.config }),
      ...(options.data === undefined ? {} : { data: options.data }),
    });
    const written = exportTiles(directory, resolve(options.tiles));
    if (!written.ok) throw new CommandError(EXIT.badInput, `the log can't be exported: ${written.message}`);
    output.json(written);
    output.line(`${written.size} entries, ${written.files} files written to ${options.tiles}`);
    return EXIT.ok;
  });
}
