import type { BundleEvent, BundleState, HistoryView, KeptView } from '@writ/pdp';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { operatorClient, type ServiceOptions } from '../compose/operator-client.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { type Output, table } from '../output/output.ts';
import { ageText, shortDigest } from '../present/short-texts.ts';
import { addServiceOptions } from './service-options.ts';

/** `writ bundles list`. */
export function listCommand(): Command {
  const command = addServiceOptions(new Command('list'))
    .description('Show the bundles of the running service: what is in force, from where, signed by whom')
    .addHelpText('after', '\nExample:\n  npx writ bundles list --format json');
  return withAction(command, async ({ output }: CommandContext, options: ServiceOptions) => {
    const answer = (await operatorClient(options).get('/v1/bundles')) as ListAnswer;
    output.json(answer);
    for (const bundle of answer.bundles) showState(output, bundle);
    output.line(
      answer.production
        ? 'production: nothing unsigned is taken, no folder is watched'
        : 'not production: folders may be unsigned, and are watched',
    );
    return EXIT.ok;
  });
}

interface ListAnswer {
  readonly production: boolean;
  readonly bundles: readonly BundleState[];
}

function showState(output: Output, bundle: BundleState): void {
  const { failure } = bundle;
  output.line(`${output.style('bold', bundle.name)}${bundle.third_party ? '  (third party)' : ''}`);
  const inForce =
    bundle.revision === undefined
      ? 'nothing'
      : `${bundle.revision}${bundle.sequence === undefined ? '' : `, sequence ${bundle.sequence}`}${
          bundle.rollback_to === undefined ? '' : `, back to ${bundle.rollback_to}`
        }`;
  const rows: string[][] = [
    ['  in force', inForce],
    ...(bundle.digest === undefined ? [] : [['  digest', bundle.digest]]),
    ...(bundle.release === undefined ? [] : [['  release', bundle.release]]),
    ['  from', `${bundle.place}${bundle.from === undefined ? '' : ` (read from ${bundle.from})`}`],
    [
      '  signed by',
      bundle.signed_by.length === 0 ? 'nobody that was asked for' : bundle.signed_by.join(', '),
    ],
    ...(bundle.age_seconds === undefined
      ? []
      : [
          [
            '  confirmed',
            `${ageText(bundle.age_seconds)} ago${bundle.stale === true ? ', TOO OLD: everything is denied' : ''}`,
          ],
        ]),
    ...(bundle.kept === undefined ? [] : [['  kept', `${bundle.kept} to roll back to, this one among them`]]),
    ...(bundle.rolled_back === true
      ? [['  note', 'rolled back here; what is published is newer, and waits for a higher sequence']]
      : []),
    ...(bundle.waiting === true
      ? [['  note', 'something newer waits for other bundles of its release']]
      : []),
    ...(failure === undefined ? [] : [['  last failure', `${failure.code}: ${failure.message}`]]),
  ];
  for (const line of table(rows)) output.line(line);
}

interface HistoryOptions extends ServiceOptions {
  readonly count: string;
}

/** `writ bundles history [NAME]`. */
export function historyCommand(): Command {
  const command = addServiceOptions(new Command('history'))
    .description('Show every activation, refusal and rollback, from the record; and what can be gone back to')
    .argument('[name]', 'the bundle; all where none is named')
    .option('-n, --count <n>', 'most events, the newest first', '50')
    .addHelpText('after', '\nExample:\n  npx writ bundles history payments');
  return withAction(
    command,
    async ({ output }: CommandContext, name: string | undefined, options: HistoryOptions) => {
      if (!/^\d{1,6}$/.test(options.count))
        throw new CommandError(EXIT.usage, `--count must be a whole number, not \`${options.count}\``);
      const path =
        name === undefined ? '/v1/bundles/history' : `/v1/bundles/${encodeURIComponent(name)}/history`;
      const answer = (await operatorClient(options).get(`${path}?count=${options.count}`)) as HistoryView;
      output.json(answer);
      for (const event of answer.events) showEvent(output, event);
      if (answer.events.length === 0) output.line('Nothing happened yet.');
      if (!answer.complete) output.note('There is more: ask for it with --count.');
      if (answer.kept !== undefined) showKept(output, answer.kept);
      return EXIT.ok;
    },
  );
}

const COLOURS = { activated: 'green', refused: 'red', rollback: 'yellow' } as const;

function showEvent(output: Output, event: BundleEvent): void {
  const what = [
    event.revision,
    event.digest === undefined ? undefined : shortDigest(event.digest),
    event.sequence === undefined ? undefined : `sequence ${event.sequence}`,
    event.rollback_to === undefined ? undefined : `back to ${event.rollback_to}`,
    event.signed_by === undefined ? undefined : `signed by ${event.signed_by.join(', ')}`,
    event.by === undefined ? undefined : `asked by ${event.by}`,
  ].filter((part) => part !== undefined);
  output.line(
    `${event.time}  ${output.style(COLOURS[event.event], event.event.padEnd(9))}  ${event.bundle ?? '(all)'}  ${what.join(', ')}`.trimEnd(),
  );
  for (const line of (event.message ?? '').split('\n').filter((each) => each !== ''))
    output.line(`    ${line}`);
}

function showKept(output: Output, kept: readonly KeptView[]): void {
  output.line();
  if (kept.length === 0) {
    output.line('Nothing is kept: only what is published elsewhere can be rolled back here.');
    return;
  }
  output.line('Kept, the one in force first:');
  const rows = kept.map(({ revision, digest, sequence, activated_at: at, release }) => [
    `  ${revision}`,
    sequence === undefined ? '' : `sequence ${sequence}`,
    shortDigest(digest),
    release ?? '',
    at,
  ]);
  for (const line of table(rows)) output.line(line);
}
