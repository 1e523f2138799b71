import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { operatorClient, type ServiceOptions } from '../compose/operator-client.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { addServiceOptions } from './service-options.ts';

interface HaltOptions extends ServiceOptions {
  readonly actor?: string;
  readonly tenant?: string;
  readonly all?: boolean;
  readonly reason?: string;
  readonly lift?: boolean;
}

/** `writ halt --actor ID | --tenant ID | --all`. */
export function haltCommand(): Command {
  const command = addServiceOptions(new Command('halt'))
    .description(
      'Stop an agent, a tenant or everything: each further decision denies, checked in the commit itself',
    )
    .option('--actor <id>', 'this agent')
    .option('--tenant <id>', 'every agent of this tenant')
    .option('--all', 'everything')
    .option('--reason <text>', 'why; kept on record')
    .option('--lift', 'lift the halt instead')
    .addHelpText(
      'after',
      '\nExamples:\n  npx writ halt --actor agent:ops --reason "looping"\n  npx writ halt --actor agent:ops --lift',
    );
  return withAction(command, async ({ output }: CommandContext, options: HaltOptions) => {
    const target = targetOf(options);
    const body = { ...target, ...(options.reason === undefined ? {} : { reason: options.reason }) };
    const answer = await operatorClient(options).post(
      options.lift === true ? '/v1/resume' : '/v1/halt',
      body,
    );
    output.json(answer);
    output.line(
      `${options.lift === true ? 'Lifted' : 'Halted'}: ${Object.entries(target)
        .map(([key, value]) => (value === true ? key : `${key} ${value}`))
        .join('')}`,
    );
    return EXIT.ok;
  });
}

function targetOf({ actor, tenant, all }: HaltOptions): { readonly [key: string]: string | boolean } {
  const named = [actor, tenant, all === true ? 'all' : undefined].filter((value) => value !== undefined);
  if (named.length !== 1)
    throw new CommandError(EXIT.usage, 'name exactly one of --actor, --tenant and --all');
  if (actor !== undefined) return { actor };
  return tenant === undefined ? { all: true } : { tenant };
}
