import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ReconcileReport, reconcile, VERIFIER_KEY_FILE_NAME } from '@writ/ledger';
import { openStoreReader, StoreError } from '@writ/store';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { readKeys } from '../compose/read-keys.ts';
import { readText } from '../compose/read-text.ts';
import { type RecordFiles, recordFiles } from '../compose/record-reader.ts';
import { CommandError, EXIT } from '../exit-status.ts';

interface ReconcileOptions {
  readonly config?: string;
  readonly data?: string;
  readonly point?: string;
  readonly key?: string[];
}

/** `writ log reconcile RECEIPTS…`: what a point was told against what the record says. */
export function reconcileCommand(): Command {
  const command = new Command('reconcile')
    .description('Compare the receipts that an enforcement point kept with the record')
    .argument('<receipts...>', 'files of receipts')
    .option(
      '--point <id>',
      'the point that kept them: then decisions that it kept no receipt of are found too',
    )
    .option(
      '--key <file>',
      'public key of the log, for signed receipts (default: the one in the data directory)',
      (file: string, before?: string[]) => [...(before ?? []), file],
    )
    .option('--config <file>', 'configuration (default: writ.yaml in this folder)')
    .option('--data <dir>', "data directory, or a copy of one (default: the configuration's, else .writ)")
    .addHelpText(
      'after',
      '\nExample:\n  npx writ log reconcile gateway-receipts.ndjson --point mcp-gateway\n\nStatus 0: they agree. Status 1: each difference names its decision.',
    );
  return withAction(
    command,
    async ({ output }: CommandContext, files: readonly string[], options: ReconcileOptions) => {
      const lines = files.flatMap((file) => readText(file).split('\n'));
      const record = await recordFiles(options);
      try {
        const report = reconcileFiles(record, lines, options);
        output.json(report);
        for (const { code, message } of report.findings)
          output.line(`${output.style('red', code)}: ${message}`);
        output.line(
          `${report.receipts} receipts, ${report.matched} agree with the record, ${report.findings.length} differences`,
        );
        return report.findings.length === 0 ? EXIT.ok : EXIT.no;
      } catch (cause) {
        if (cause instanceof StoreError) throw new CommandError(EXIT.badInput, cause.message);
        throw cause;
      } finally {
        record.dispose();
      }
    },
  );
}

function reconcileFiles(
  { directory, dataDirectory }: RecordFiles,
  lines: readonly string[],
  { key, point }: ReconcileOptions,
): ReconcileReport {
  const own = join(dataDirectory, VERIFIER_KEY_FILE_NAME);
  const keys = key ?? (existsSync(own) ? [own] : []);
  const reader = openStoreReader(directory);
  try {
    return reconcile(reader, lines, point, keys.length === 0 ? [] : readKeys(keys));
  } finally {
    reader.close();
  }
}
