import { join, resolve } from 'node:path';
import { directorySink, type EraseReport, exportEntries, readBound } from '@writ/ledger';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { dataDirectory, operatorClient, type ServiceOptions } from '../compose/operator-client.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { addServiceOptions } from './service-options.ts';

/** `writ log retain`: what is older goes to an archive; the tree stays. */
export function retainCommand(): Command {
  const command = addServiceOptions(new Command('retain'))
    .description('Move what lies beside older entries to an archive; leaves and tree stay, and still verify')
    .requiredOption('--before <time>', 'a day in UTC or an RFC 3339 instant: entries before it')
    .option('--archive <dir>', 'where the entries go first, as segments of NDJSON')
    .option('--no-archive', 'keep nothing of it')
    .addHelpText(
      'after',
      '\nExample:\n  npx writ log retain --before 2025-01-01 --archive /srv/archive\n\n' +
        "An archived line holds the entry's leaf and its fields with their salts: it verifies against the log as before.",
    );
  return withAction(
    command,
    async (
      { output }: CommandContext,
      options: ServiceOptions & { readonly before: string; readonly archive?: string | boolean },
    ) => {
      const before = readBound(options.before, 'from');
      if (before === undefined)
        throw new CommandError(EXIT.usage, `--before is neither a day nor an instant: \`${options.before}\``);
      if (options.archive === undefined || options.archive === true)
        throw new CommandError(EXIT.usage, 'name --archive DIR, or --no-archive to keep nothing');
      if (typeof options.archive === 'string') {
        const archive = resolve(options.archive);
        const kept = await exportEntries({
          directory: dataDirectory(options),
          form: 'ndjson',
          sink: directorySink(archive),
          positionFile: join(archive, 'position'),
          version: '0.1.0',
        });
        output.line(`${kept.position} entries are in ${options.archive}`);
      }
      const report = (await operatorClient(options).post('/v1/log/erase', {
        before,
        reason: `retention until ${before}`,
      })) as EraseReport;
      output.json(report);
      output.line(
        `${report.fields} fields of ${report.entries} entries are gone; recorded in ${report.recorded.length} entries.`,
      );
      return EXIT.ok;
    },
  );
}
