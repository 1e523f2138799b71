import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type EvidenceQuestion, FRAMEWORKS, isFramework, proveEvidence } from '@writ/ledger';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { readText } from '../compose/read-text.ts';
import { withRecord } from '../compose/record-reader.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';
import { timeBound } from './time-bound.ts';

interface ProveCommandOptions {
  readonly config?: string;
  readonly data?: string;
  readonly tenant?: string;
  readonly principal?: string;
  readonly actor?: string;
  readonly session?: string;
  readonly resource?: string;
  readonly resourceType?: string;
  readonly from: string;
  readonly to: string;
  readonly since?: string[];
  readonly framework?: string;
  readonly out: string;
}

/** `writ log prove`: a pack of evidence about who did what, or did not. */
export function proveCommand(): Command {
  const command = new Command('prove')
    .description('Write a pack of evidence about what was done, or not, that anybody can verify offline')
    .requiredOption('--from <time>', 'a day in UTC or an RFC 3339 instant; a day means its beginning')
    .requiredOption('--to <time>', 'the same; a day means its end')
    .option('--tenant <id>', 'only of this tenant')
    .option('--principal <id>', 'only on behalf of this principal')
    .option('--actor <id>', 'only of this agent')
    .option('--session <id>', 'only in this session, as the record names it')
    .option('--resource <id>', 'only for this resource')
    .option('--resource-type <type>', "the resource's type, where ids of several types could be equal")
    .option(
      '--since <file>',
      'a checkpoint that whoever asks already holds: the pack shows that it is continued; may be repeated',
      (file: string, before?: string[]) => [...(before ?? []), file],
    )
    .option('--framework <name>', `arrange by the controls of ${Object.keys(FRAMEWORKS).join(', ')}`)
    .option('-o, --out <dir>', 'where the pack goes; must not exist', 'evidence')
    .option('--config <file>', 'configuration (default: writ.yaml in this folder)')
    .option('--data <dir>', "data directory, or a copy of one (default: the configuration's, else .writ)")
    .addHelpText(
      'after',
      '\nExample:\n  npx writ log prove --actor agent:ops --resource cust-4711 --from 2026-03-14 --to 2026-03-14\n' +
        '  npx writ verify evidence --key ledger.vkey\n\n' +
        'Status 0: the pack answers the question. Status 1: some calls cannot be excluded; the summary lists them.',
    );
  return withAction(command, ({ output }: CommandContext, options: ProveCommandOptions) =>
    prove(output, options),
  );
}

async function prove(output: Output, options: ProveCommandOptions): Promise<number> {
  const question = questionOf(options);
  const { framework, since } = options;
  if (framework !== undefined && !isFramework(framework)) {
    throw new CommandError(
      EXIT.usage,
      `unknown framework \`${framework}\``,
      `known are ${Object.keys(FRAMEWORKS).join(', ')}`,
    );
  }
  const out = resolve(options.out);
  if (existsSync(out)) throw new CommandError(EXIT.usage, `${out} exists already`, 'name another with --out');
  const proved = await withRecord(options, ({ directory }) =>
    proveEvidence({
      directory,
      out,
      question,
      ...(framework === undefined ? {} : { framework }),
      ...(since === undefined ? {} : { since: since.map(readText) }),
    }),
  );
  if (!proved.ok)
    throw new CommandError(
      EXIT.badInput,
      `no evidence can be made: ${proved.message}`,
      '`writ log verify` says what is wrong with the record',
    );
  const { answer } = proved;
  output.json({ directory: out, origin: proved.origin, question, answer });
  output.line(`${VERDICTS[answer.verdict]}`);
  output.line(
    `${answer.entries} entries, ${answer.matches.total} match, ${answer.open.total} cannot be excluded; whole until ${answer.covered_to}`,
  );
  output.line(
    `${out}: read summary.md or summary.html; check with \`writ verify ${options.out} --key FILE\``,
  );
  return answer.verdict === 'not_shown' ? EXIT.no : EXIT.ok;
}

const VERDICTS = {
  acted: 'Yes: a matching call proceeded.',
  did_not_act: 'No matching call proceeded, and every entry of this time is shown to be another.',
  not_shown: 'No matching call is known to have proceeded, but some cannot be excluded.',
} as const;

function questionOf(options: ProveCommandOptions): EvidenceQuestion {
  const { tenant, principal, actor, session, resource, resourceType } = options;
  const from = timeBound(options.from, 'from');
  const to = timeBound(options.to, 'to');
  if (from >= to) throw new CommandError(EXIT.usage, '--to must be later than --from');
  if (resource === undefined && resourceType !== undefined)
    throw new CommandError(EXIT.usage, '--resource-type needs --resource');
  return {
    ...(tenant === undefined ? {} : { tenant }),
    ...(principal === undefined ? {} : { principal }),
    ...(actor === undefined ? {} : { actor }),
    ...(session === undefined ? {} : { session }),
    ...(resource === undefined
      ? {}
      : { resource: { id: resource, ...(resourceType === undefined ? {} : { type: resourceType }) } }),
    from,
    to,
  };
}
