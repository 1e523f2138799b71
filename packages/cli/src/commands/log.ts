import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type LedgerEntry,
  readSeen,
  rememberSeen,
  renderEntry,
  seenOrigins,
  VERIFIER_KEY_FILE_NAME,
  verifyLogInThreads,
} from '@writ/ledger';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { type OperatorClient, operatorClient, type ServiceOptions } from '../compose/operator-client.ts';
import { readKeys } from '../compose/read-keys.ts';
import { type RecordFiles, withRecord } from '../compose/record-reader.ts';
import { waitForEnding } from '../compose/until-signal.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';
import { eraseCommand } from './log-erase.ts';
import { exportCommand } from './log-export.ts';
import { proofCommand, rotateKeyCommand, signCommand } from './log-keys.ts';
import { proveCommand } from './log-prove.ts';
import { queryCommand, reindexCommand, statsCommand } from './log-query.ts';
import { reconcileCommand } from './log-reconcile.ts';
import { retainCommand } from './log-retain.ts';
import { addServiceOptions } from './service-options.ts';

/** `writ log …`: reading, verifying, proving, erasing, exporting, keys. */
export function logCommand(): Command {
  return new Command('log')
    .description('Read the record, and prove that nothing in it was altered')
    .addCommand(tailCommand())
    .addCommand(showCommand())
    .addCommand(queryCommand())
    .addCommand(statsCommand())
    .addCommand(verifyCommand())
    .addCommand(proveCommand())
    .addCommand(eraseCommand())
    .addCommand(reindexCommand())
    .addCommand(exportCommand())
    .addCommand(reconcileCommand())
    .addCommand(retainCommand())
    .addCommand(proofCommand())
    .addCommand(rotateKeyCommand())
    .addCommand(signCommand())
    .addHelpText(
      'after',
      '\nExamples:\n  npx writ log tail -n 50\n  npx writ log show dec-…\n  npx writ log verify',
    );
}

function tailCommand(): Command {
  const command = addServiceOptions(new Command('tail'))
    .description('The last entries, in plain words')
    .option('-n, --count <number>', 'how many', '20')
    .option('-f, --follow', 'go on with what is added, until Ctrl-C')
    .addHelpText('after', '\nExamples:\n  npx writ log tail -n 50\n  npx writ log tail -f');
  return withAction(
    command,
    async ({ output }: CommandContext, options: ServiceOptions & { count: string; follow?: boolean }) => {
      if (!/^\d+$/.test(options.count))
        throw new CommandError(EXIT.usage, `--count must be a number, not \`${options.count}\``);
      const client = operatorClient(options);
      const answer = (await client.get(`/v1/log?count=${options.count}`)) as LogTail;
      output.json(answer);
      for (const entry of answer.entries) showEntry(output, entry);
      if (options.follow === true) await follow(output, client, answer.size);
      return EXIT.ok;
    },
  );
}

interface LogTail {
  readonly size: number;
  readonly entries: readonly LedgerEntry[];
}

/** How often what was added is asked for, ms. */
const FOLLOW_MS = 500;

async function follow(output: Output, client: OperatorClient, from: number): Promise<void> {
  const ending = waitForEnding();
  let stopped = false;
  void ending.signal.then(() => {
    stopped = true;
  });
  try {
    for (let next = from; !stopped; ) {
      const added = (await client.get(`/v1/log?from=${next}&count=1000`)) as LogTail;
      for (const entry of added.entries) {
        if (output.format === 'json') process.stdout.write(`${JSON.stringify(entry)}\n`);
        else showEntry(output, entry);
      }
      next = added.entries.reduce((last, { index }) => Math.max(last, index + 1), next);
      if (added.entries.length === 0) await Promise.race([sleep(FOLLOW_MS), ending.signal]);
    }
  } finally {
    ending.dispose();
  }
}

function showCommand(): Command {
  const command = addServiceOptions(new Command('show'))
    .description('Everything about one decision: the decision itself, approvals, what became of it')
    .argument('<id>', 'the decision, `dec-…`')
    .addHelpText('after', '\nExample:\n  npx writ log show dec-…');
  return withAction(command, async ({ output }: CommandContext, id: string, options: ServiceOptions) => {
    const answer = (await operatorClient(options).get(`/v1/log/${encodeURIComponent(id)}`)) as {
      entries: LedgerEntry[];
    };
    output.json(answer);
    for (const entry of answer.entries) {
      showEntry(output, entry);
      output.line(JSON.stringify(entry, null, 2));
    }
    return EXIT.ok;
  });
}

function showEntry(output: Output, entry: LedgerEntry): void {
  output.line(`${output.style('dim', String(entry.index).padStart(6))}  ${renderEntry(entry)}`);
}

interface VerifyCommandOptions {
  readonly config?: string;
  readonly data?: string;
  readonly key?: string[];
  readonly seen?: string;
}

function verifyCommand(): Command {
  const command = new Command('verify')
    .description('Verify the whole record offline, and remember its checkpoint for the next time')
    .option('--config <file>', 'configuration (default: writ.yaml in this folder)')
    .option('--data <dir>', "data directory, or a copy of one (default: the configuration's, else .writ)")
    .option(
      '--key <file>',
      'public key of the log, obtained apart from it (default: the one in the data directory)',
      (file: string, before?: string[]) => [...(before ?? []), file],
    )
    .option('--seen <dir>', 'where checkpoints are remembered (default: ~/.config/writ/seen)')
    .addHelpText(
      'after',
      '\nExample:\n  npx writ log verify --data .writ\n\nStatus 0: nothing is wrong. Status 1: each problem names its entry.',
    );
  return withAction(command, ({ output }: CommandContext, options: VerifyCommandOptions) =>
    verify(output, options),
  );
}

async function verify(output: Output, options: VerifyCommandOptions): Promise<number> {
  return withRecord(options, (files) => verifyRecord(output, options, files));
}

async function verifyRecord(
  output: Output,
  options: VerifyCommandOptions,
  { directory, dataDirectory }: RecordFiles,
): Promise<number> {
  const keys = keysOf(options, dataDirectory);
  const folder = resolve(options.seen ?? join(homedir(), '.config/writ/seen'));
  // The name of the log is the name of its key: `origin+id+key`.
  const origins = keys
    .map((key) => key.split('+')[0] ?? '')
    .filter((origin) => seenOrigins(folder).includes(origin));
  const seen = origins.map((origin) => readSeen(folder, origin)).find((note) => note !== undefined);
  const report = await verifyLogInThreads({
    directory,
    verifierKeys: keys,
    ...(seen === undefined ? {} : { seen }),
  });
  if (report.ok) rememberSeen(folder, report);
  output.json(report);
  for (const problem of report.problems) {
    const entry = problem.index === undefined ? '' : ` entry ${problem.index}`;
    const decision = problem.decision_id === undefined ? '' : ` (${problem.decision_id})`;
    output.line(`${output.style('red', problem.code)}${entry}${decision}: ${problem.message}`);
  }
  if (report.problem_count > report.problems.length)
    output.line(`… and ${report.problem_count - report.problems.length} more`);
  for (const { key, index } of report.followed ?? [])
    output.line(`entry ${index} names another key, and the one before signed it: ${key}`);
  const against =
    seen === undefined
      ? 'first time: no earlier checkpoint was remembered'
      : 'continues what was seen before';
  output.line(
    report.ok
      ? `${output.style('green', 'verified')}: ${report.size} ${report.size === 1 ? 'entry' : 'entries'}, root ${report.root}, trust ${report.trust ?? 'unknown'}; ${against}`
      : `${output.style('red', 'NOT verified')}: ${report.problem_count} ${report.problem_count === 1 ? 'problem' : 'problems'} in ${report.size} entries`,
  );
  if (report.uncheckpointed > 0)
    output.line(
      `${report.uncheckpointed} newest entries are not signed yet (a checkpoint follows each second)`,
    );
  return report.ok ? EXIT.ok : EXIT.no;
}

function keysOf(options: VerifyCommandOptions, directory: string): readonly string[] {
  try {
    return readKeys(options.key ?? [join(directory, VERIFIER_KEY_FILE_NAME)]);
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    throw new CommandError(
      EXIT.badInput,
      `the public key can't be read: ${cause.message}`,
      'name it with --key FILE, or the data with --data DIR',
    );
  }
}
