import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { operatorClient, type ServiceOptions } from '../compose/operator-client.ts';
import { EXIT } from '../exit-status.ts';
import { addServiceOptions } from './service-options.ts';

/** `writ approvals away --to ID --until TIME`: the bearer of the token is away, and somebody stands in. */
export function awayCommand(): Command {
  const command = addServiceOptions(new Command('away'))
    .description('Name who stands in for you; give your own token with --token')
    .requiredOption('--to <id>', 'who may say yes in your place')
    .requiredOption('--until <time>', 'until when, such as 2026-12-24T18:00:00Z')
    .addHelpText(
      'after',
      '\nExample:\n  npx writ approvals away --to user:dave --until 2026-12-24T18:00:00Z --token me.token',
    );
  return withAction(
    command,
    async (
      { output }: CommandContext,
      { to, until, ...options }: ServiceOptions & { to: string; until: string },
    ) => {
      const answer = await operatorClient(options).post('/v1/approvers/away', { delegate: to, until });
      output.json(answer);
      output.line(`${to} stands in for you until ${until}.`);
      return EXIT.ok;
    },
  );
}

/** `writ approvals back`: ends that. */
export function backCommand(): Command {
  const command = addServiceOptions(new Command('back'))
    .description('End that somebody stands in for you')
    .addHelpText('after', '\nExample:\n  npx writ approvals back --token me.token');
  return withAction(command, async ({ output }: CommandContext, options: ServiceOptions) => {
    const answer = await operatorClient(options).post('/v1/approvers/away', {});
    output.json(answer);
    output.line('Nobody stands in for you any more.');
    return EXIT.ok;
  });
}
