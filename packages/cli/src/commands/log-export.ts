import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  directorySink,
  EXPORT_FORMS,
  type ExportForm,
  type ExportReport,
  exportEntries,
  exportTiles,
  httpSink,
  type Sink,
} from '@writ/ledger';
import { StoreError } from '@writ/store';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { readText } from '../compose/read-text.ts';
import { indexedRecord, withRecord } from '../compose/record-reader.ts';
import { waitForEnding } from '../compose/until-signal.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';

interface ExportCommandOptions {
  readonly config?: string;
  readonly data?: string;
  readonly tiles?: string;
  readonly to?: string;
  readonly form: string;
  readonly position?: string;
  readonly token?: string;
  readonly follow?: boolean;
}

/** `writ log export`: the log in forms that other tools take. */
export function exportCommand(): Command {
  const command = new Command('export')
    .description('Write the log in forms that other tools take; done again, it adds what is new')
    .option('--tiles <dir>', 'as C2SP tlog-tiles: checkpoint, tiles and entries, without personal fields')
    .option('--to <where>', 'entries or events, to a directory or an http(s) URL')
    .option(
      '--form <form>',
      'ndjson (entries whole), opa (decision log, POSTed) or ocsf (API Activity)',
      'ndjson',
    )
    .option('--position <file>', 'keeps how far the receiver has everything (default: in the directory)')
    .option('--token <file>', 'file with a bearer token for the receiver')
    .option('-f, --follow', 'go on with what is added, until Ctrl-C; a receiver that fails is asked again')
    .option('--config <file>', 'configuration (default: writ.yaml in this folder)')
    .option('--data <dir>', "data directory, or a copy of one (default: the configuration's, else .writ)")
    .addHelpText(
      'after',
      '\nExamples:\n  npx writ log export --tiles public-log\n  npx writ log export --to archive\n' +
        '  npx writ log export --form opa --to https://logs.example.com/logs --position opa.position -f\n\n' +
        'Each segment has an id that is the same when it is sent again: nothing is lost, and what comes twice can be told.',
    );
  return withAction(command, ({ output }: CommandContext, options: ExportCommandOptions) => {
    const { tiles, to } = options;
    if (tiles !== undefined)
      return withRecord(options, ({ directory }) => writeTiles(output, directory, tiles));
    if (to !== undefined) return writeEntries(output, to, options);
    throw new CommandError(EXIT.usage, 'name what to write: --tiles DIR, or --to DIR or URL');
  });
}

function writeTiles(output: Output, directory: string, tiles: string): number {
  const written = exportTiles(directory, resolve(tiles));
  if (!written.ok) throw new CommandError(EXIT.badInput, `the log can't be exported: ${written.message}`);
  output.json(written);
  output.line(`${written.size} entries, ${written.files} files written to ${tiles}`);
  return EXIT.ok;
}

/** How long to wait for more, ms. */
const FOLLOW_MS = 1_000;

async function writeEntries(output: Output, to: string, options: ExportCommandOptions): Promise<number> {
  if (!isForm(options.form))
    throw new CommandError(
      EXIT.usage,
      `unknown form \`${options.form}\``,
      `known are ${EXPORT_FORMS.join(', ')}`,
    );
  const isUrl = /^https?:\/\//.test(to);
  if (isUrl && options.position === undefined)
    throw new CommandError(EXIT.usage, 'an export to a URL needs --position FILE');
  const common = {
    form: options.form,
    sink: isUrl ? urlSink(to, options.form, options.token) : directorySink(resolve(to)),
    positionFile: resolve(options.position ?? join(to, 'position')),
    version: '0.1.0',
  };
  const ending = options.follow === true ? waitForEnding() : undefined;
  const stop = new AbortController();
  void ending?.signal.then(() => stop.abort());
  try {
    for (;;) {
      const report = await exportEntries({
        ...common,
        // The data directory, or a copy that is brought up to date.
        directory: await indexedRecord(options),
        ...(ending === undefined ? {} : { attempts: Number.POSITIVE_INFINITY, signal: stop.signal }),
        onFault: (message) => output.note(`the receiver: ${message}`),
      });
      if (ending === undefined || stop.signal.aborted) return shown(output, report);
      await sleep(FOLLOW_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  } catch (cause) {
    if (cause instanceof StoreError) throw new CommandError(EXIT.badInput, cause.message);
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(
      EXIT.unavailable,
      `the export ended: ${message}`,
      'run it again: it goes on where it ended',
    );
  } finally {
    ending?.dispose();
  }
}

function shown(output: Output, report: ExportReport): number {
  output.json(report);
  output.line(
    `${report.events} events in ${report.segments} segments; the receiver has ${report.position} entries`,
  );
  return EXIT.ok;
}

function urlSink(url: string, form: ExportForm, token: string | undefined): Sink {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${readText(token).trim()}` };
  return httpSink({ url, method: form === 'opa' ? 'POST' : 'PUT', headers });
}

function isForm(text: string): text is ExportForm {
  return (EXPORT_FORMS as readonly string[]).includes(text);
}
