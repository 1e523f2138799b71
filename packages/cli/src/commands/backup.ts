import { copyFileSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CHECKPOINT_FILE_NAME, VERIFIER_KEY_FILE_NAME } from '@writ/ledger';
import { type BackupReport, backupStore, restoreStore, StoreError } from '@writ/store';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { dataDirectory, type ServiceOptions } from '../compose/operator-client.ts';
import { readConfig } from '../config/read-config.ts';
import { CommandError, EXIT } from '../exit-status.ts';

/** What anybody may have, and a verifier of the copy needs. */
const PUBLIC_FILES = [CHECKPOINT_FILE_NAME, VERIFIER_KEY_FILE_NAME];

/** `writ backup FOLDER`. */
export function backupCommand(): Command {
  const command = withData(new Command('backup'))
    .description('Copy state and record to a new folder, as they are at this moment, while the service runs')
    .argument('<folder>', 'where the copy goes; must not hold one yet')
    .addHelpText('after', '\nExamples:\n  npx writ backup /backup/2026-03-14');
  return withAction(command, async ({ output }: CommandContext, folder: string, options: ServiceOptions) => {
    refusePostgres(options);
    const directory = dataDirectory(options);
    const target = resolve(folder);
    const report = attempted(() => backupStore(directory, target));
    copyPublic(directory, target);
    output.json({ folder: target, ...report });
    output.line(
      `Backed up ${said(report)} to ${target}. Keys and tokens are not in it: keep them elsewhere.`,
    );
    return EXIT.ok;
  });
}

/** `writ restore FOLDER`. */
export function restoreCommand(): Command {
  const command = withData(new Command('restore'))
    .description('Make a data directory of a backup; nothing is overwritten')
    .argument('<folder>', 'what `writ backup` wrote')
    .addHelpText('after', '\nExamples:\n  npx writ restore /backup/2026-03-14 --data .writ');
  return withAction(command, async ({ output }: CommandContext, folder: string, options: ServiceOptions) => {
    refusePostgres(options);
    const directory = dataDirectory(options);
    const report = attempted(() => restoreStore(resolve(folder), directory));
    copyPublic(resolve(folder), directory);
    output.json({ data: directory, ...report });
    output.line(`Restored ${said(report)} to ${directory}. \`writ log verify\` checks the record.`);
    return EXIT.ok;
  });
}

function withData(command: Command): Command {
  return command
    .option('--data <directory>', 'data directory (default: the configuration’s, else .writ)')
    .option('--config <file>', 'configuration (default: writ.yaml)');
}

/** A database of its own has its own means, which know its other tables too. */
function refusePostgres({ config, data }: ServiceOptions): void {
  if (data !== undefined || readConfig(config).config.store === undefined) return;
  throw new CommandError(
    EXIT.usage,
    'state and record are in PostgreSQL',
    'back it up with its own tools: pg_dump, pg_basebackup',
  );
}

function attempted(work: () => BackupReport): BackupReport {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    throw new CommandError(EXIT.unavailable, `${cause.code}: ${cause.message}`);
  }
}

function copyPublic(from: string, to: string): void {
  for (const name of PUBLIC_FILES) {
    if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name));
  }
}

function said({ entries, bytes }: BackupReport): string {
  return `${entries} entries (${Math.ceil(bytes / 1_024)} KiB)`;
}
