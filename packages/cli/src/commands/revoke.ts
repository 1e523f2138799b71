import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { operatorClient, type ServiceOptions } from '../compose/operator-client.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { addServiceOptions } from './service-options.ts';

interface RevokeOptions extends ServiceOptions {
  readonly actor?: string;
  readonly principal?: string;
  readonly tenant?: string;
  readonly reason?: string;
  readonly restore?: boolean;
}

/** `writ revoke --actor ID | --principal ID`. */
export function revokeCommand(): Command {
  const command = addServiceOptions(new Command('revoke'))
    .description(
      'Make an agent or a person count no longer: not as who acts, not as on whose authority, not as who delegated; tokens that were given out before are refused too',
    )
    .option('--actor <id>', 'this agent')
    .option('--principal <id>', 'this person or service')
    .option('--tenant <id>', 'in this tenant only (default: in all)')
    .option('--reason <text>', 'why; kept on record, and told to whoever is refused')
    .option('--restore', 'take it back')
    .addHelpText(
      'after',
      '\nExamples:\n  npx writ revoke --actor agent:planner --reason "key leaked"\n  npx writ revoke --actor agent:planner --restore',
    );
  return withAction(command, async ({ output }: CommandContext, options: RevokeOptions) => {
    const { actor, principal, tenant, reason, restore } = options;
    const named = [actor, principal].filter((id) => id !== undefined);
    if (named.length !== 1) throw new CommandError(EXIT.usage, 'name exactly one of --actor and --principal');
    const target = actor === undefined ? { principal } : { actor };
    const answer = await operatorClient(options).post(restore === true ? '/v1/restore' : '/v1/revoke', {
      ...target,
      ...(tenant === undefined ? {} : { tenant }),
      ...(reason === undefined ? {} : { reason }),
    });
    output.json(answer);
    const where = tenant === undefined ? '' : ` in tenant ${tenant}`;
    const kind = actor === undefined ? 'principal' : 'actor';
    output.line(`${restore === true ? 'Restored' : 'Revoked'}: ${kind} ${named[0]}${where}`);
    return EXIT.ok;
  });
}
