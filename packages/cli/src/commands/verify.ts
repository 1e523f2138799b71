import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type PackReport, readSeen, seenOrigins, verifyPack } from '@writ/ledger';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { readKeys } from '../compose/read-keys.ts';
import { EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';

interface VerifyOptions {
  readonly key: string[];
  readonly seen?: string;
  readonly witness?: string[];
}

/** `writ verify PACK`: checks a pack of evidence offline. */
export function verifyCommand(): Command {
  const command = new Command('verify')
    .description('Verify a pack of evidence offline, with nothing but the public key of its log')
    .argument('<pack>', 'the directory that `writ log prove` wrote')
    .requiredOption(
      '--key <file>',
      'public key of the log, obtained apart from the pack; may be repeated',
      (file: string, before?: string[]) => [...(before ?? []), file],
    )
    .option(
      '--witness <file>',
      'public key of a witness that must have cosigned the checkpoint; may be repeated',
      (file: string, before?: string[]) => [...(before ?? []), file],
    )
    .option('--seen <dir>', 'where checkpoints are remembered (default: ~/.config/writ/seen)')
    .addHelpText(
      'after',
      '\nExample:\n  npx writ verify evidence --key ledger.vkey\n\n' +
        'Status 0: nothing is wrong. Status 1: each problem names its entry.',
    );
  return withAction(command, ({ output }: CommandContext, pack: string, options: VerifyOptions) =>
    verify(output, pack, options),
  );
}

function verify(output: Output, pack: string, options: VerifyOptions): number {
  const keys = readKeys(options.key);
  const folder = resolve(options.seen ?? join(homedir(), '.config/writ/seen'));
  const known = seenOrigins(folder);
  const origins = keys.map((key) => key.split('+')[0] ?? '').filter((origin) => known.includes(origin));
  const seen = origins.map((origin) => readSeen(folder, origin)).find((note) => note !== undefined);
  const report = verifyPack({
    directory: resolve(pack),
    verifierKeys: keys,
    ...(options.witness === undefined ? {} : { witnessKeys: readKeys(options.witness) }),
    ...(seen === undefined ? {} : { seen }),
  });
  output.json(report);
  for (const { code, message } of report.problems) output.line(`${output.style('red', code)}: ${message}`);
  if (report.problem_count > report.problems.length)
    output.line(`… and ${report.problem_count - report.problems.length} more`);
  if (report.ok) showAnswer(output, report);
  else
    output.line(
      `${output.style('red', 'NOT verified')}: ${report.problem_count} ${report.problem_count === 1 ? 'problem' : 'problems'}`,
    );
  return report.ok ? EXIT.ok : EXIT.no;
}

function showAnswer(
  output: Output,
  { question, answer, origin, checkpoint, seen, cosignatures, followed }: PackReport,
): void {
  const { from, to, ...rest } = question ?? { from: '', to: '' };
  const asked = Object.entries(rest).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : value?.id}`,
  );
  output.line(
    `${output.style('green', 'verified')}: ${[...asked, `from ${from} until ${to}`].join(', ')}: ${ANSWERS[answer?.verdict ?? 'not_shown']}`,
  );
  output.line(
    `${answer?.entries} entries, ${answer?.matches.total} match, ${answer?.open.total} cannot be excluded; whole until ${answer?.covered_to}; trust ${answer?.trust}`,
  );
  for (const { key, index } of followed ?? [])
    output.line(`entry ${index} names another key, and the one before signed it: ${key}`);
  for (const { witness, time } of cosignatures ?? []) output.line(`cosigned by ${witness} at ${time}`);
  output.line(`log ${origin}, ${checkpoint?.size} entries signed; ${SEEN[seen]}`);
}

const ANSWERS = { acted: 'acted', did_not_act: 'did not act', not_shown: 'not shown' } as const;

const SEEN: Readonly<Record<PackReport['seen'], string>> = {
  nothing: 'no earlier checkpoint of this log was remembered',
  continued: 'continues what was seen before',
  not_compared:
    'NOT compared with the checkpoint that was remembered: ask for a pack made with --since and that checkpoint',
};
