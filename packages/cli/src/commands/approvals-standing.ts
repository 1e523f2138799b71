import type { ArgumentCondition, Json, StandingPermission } from '@writ/decision';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { operatorClient, type ServiceOptions } from '../compose/operator-client.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { readDurationMs } from '../load/durations.ts';
import { type Output, table } from '../output/output.ts';
import { addServiceOptions } from './service-options.ts';

/** `writ approvals standing [--all]`. */
export function standingCommand(): Command {
  const command = addServiceOptions(new Command('standing'))
    .description('List standing permissions: calls that nobody is asked about any more, within limits')
    .option('--all', 'those that have ended, too')
    .addHelpText('after', '\nExamples:\n  npx writ approvals standing\n  npx writ approvals revoke stp-…');
  return withAction(
    command,
    async ({ output }: CommandContext, options: ServiceOptions & { all?: boolean }) => {
      const query = options.all === true ? '?ended=true' : '';
      const answer = await operatorClient(options).get(`/v1/standing${query}`);
      const { standing } = answer as { standing: StandingPermission[] };
      output.json({ standing });
      if (standing.length === 0) output.line('No standing permissions.');
      for (const each of standing) showStanding(output, each);
      return EXIT.ok;
    },
  );
}

interface GrantOptions extends ServiceOptions {
  readonly principal: string;
  readonly actor: string;
  readonly tool: string;
  readonly server?: string;
  readonly tenant?: string;
  readonly code: readonly string[];
  readonly arg: readonly string[];
  readonly anyArguments?: boolean;
  readonly uses: string;
  readonly amount?: string;
  readonly for: string;
  readonly comment?: string;
}

/** `writ approvals grant …`: a standing permission by hand. */
export function grantCommand(): Command {
  const many = (value: string, before: readonly string[]) => [...before, value];
  const command = addServiceOptions(new Command('grant'))

    .description(
      'Grant a standing permission: names are exact or end in *, and what is left out must be absent in the call',
    )
    .requiredOption('--principal <id>', 'on whose authority')
    .requiredOption('--actor <id>', 'which agent')
    .requiredOption('--tool <name>', 'which tool')
    .option('--server <name>', 'of which server')
    .option('--tenant <id>', 'in which tenant')
    .requiredOption('--code <code>', 'the escalate reason that it answers; may be repeated', many, [])
    .option(
      '--arg <condition>',
      'POINTER=JSON, POINTER<=NUMBER, POINTER>=NUMBER or POINTER^=TEXT; may be repeated',
      many,
      [],
    )
    .option('--any-arguments', 'arguments without a condition may be anything')
    .requiredOption('--uses <n>', 'how many calls at most')
    .option('--amount <n>', 'the sum of their amounts at most (`action.amount`, by the capability registry)')
    .requiredOption('--for <time>', 'how long, such as 30m or 168h')
    .option('--comment <text>', 'why; kept on record')
    .addHelpText(
      'after',
      "\nExample:\n  npx writ approvals grant --principal user:42 --actor agent:ops --tool refund --server shop --code approval_required --arg '/amount<=50' --arg '/currency=\"EUR\"' --uses 20 --for 168h",
    );
  return withAction(command, async ({ output }: CommandContext, options: GrantOptions) => {
    const { principal, actor, tool, server, tenant, code, uses, amount, anyArguments, comment } = options;
    const grant = {
      type: 'tool_call',
      principal,
      actor,
      tool,
      ...(server === undefined ? {} : { server }),
      ...(tenant === undefined ? {} : { tenant }),
      codes: code,
      arguments: options.arg.map(readCondition),
      ...(anyArguments === true ? { other_arguments: 'any' } : {}),
      uses: Number(uses),
      ...(amount === undefined ? {} : { amount: Number(amount) }),
      expires_at: new Date(Date.now() + readDurationMs('--for', options.for)).toISOString(),
    };
    const body = { grant, ...(comment === undefined ? {} : { comment }) };
    const answer = (await operatorClient(options).post('/v1/standing', body)) as StandingPermission;
    output.json(answer);
    showStanding(output, answer);
    return EXIT.ok;
  });
}

/** `POINTER=JSON` and its like. */
export function readCondition(text: string): ArgumentCondition {
  const [, at, operator, operand] = /^(\/[^=<>^]*)(<=|>=|\^=|=)(.*)$/s.exec(text) ?? [];
  if (at === undefined || operator === undefined || operand === undefined)
    throw new CommandError(
      EXIT.usage,
      `\`${text}\` is no condition on an argument`,
      'such as /amount<=50, /currency="EUR" or /path^=/tmp/',
    );
  if (operator === '^=') return { at, starts_with: operand };
  const value = jsonOrText(operand);
  if (operator === '=') return { at, equals: value };
  if (typeof value !== 'number')
    throw new CommandError(EXIT.usage, `\`${operand}\` is no number`, 'such as /amount<=50');
  return operator === '<=' ? { at, at_most: value } : { at, at_least: value };
}

/** JSON; what is none is a text. */
function jsonOrText(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** A permission as a person reads it: that it stands, what it covers, and how much of it is left. */
export function showStanding(output: Output, standing: StandingPermission): void {
  const { id, status, principal, actor, tenant, server, tool, type, uses, used, amount } = standing;
  output.line(
    `${output.style('bold', id)}  ${status}${status === 'active' ? '  (nobody is asked about these calls)' : ''}`,
  );
  const rows = [
    ['  who', `${actor} for ${principal}${tenant === undefined ? '' : ` (${tenant})`}`],
    ['  what', `${server === undefined ? '' : `${server}: `}${tool ?? type}`],
    ['  with', argumentsText(standing)],
    [standing.appeal === true ? '  denied for' : '  asked for', standing.codes.join(', ')],
    [
      '  used',
      `${used} of ${uses}${amount === undefined ? '' : `, ${standing.amount_used ?? 0} of ${amount}`}`,
    ],
    ['  until', standing.expires_at],
    ['  by', `${standing.granted_by} at ${standing.created_at}`],
    ...(standing.approval_id === undefined ? [] : [['  from', standing.approval_id]]),
    ...(standing.comment === undefined ? [] : [['  comment', standing.comment]]),
    ...(standing.revoked_by === undefined ? [] : [['  revoked by', standing.revoked_by]]),
  ];
  for (const line of table(rows)) output.line(line);
}

function argumentsText({
  call,
  arguments: conditions = [],
  other_arguments: others,
}: StandingPermission): string {
  if (call !== undefined) return `exactly the arguments with ${call.arg_hash}`;
  const texts = conditions.map(({ at, ...must }) => `${at} ${JSON.stringify(must)}`);
  return [...texts, ...(others === 'any' ? ['any other arguments'] : [])].join(', ') || 'no arguments';
}
