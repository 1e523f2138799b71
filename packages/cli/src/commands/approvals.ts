import type { Approval, StandingPermission } from '@writ/decision';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { operatorClient, type ServiceOptions } from '../compose/operator-client.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { awayCommand, backCommand } from './approvals-away.ts';
import { showApproval } from './approvals-show.ts';
import { grantCommand, showStanding, standingCommand } from './approvals-standing.ts';
import { watchCommand } from './approvals-watch.ts';
import { addServiceOptions } from './service-options.ts';

/** `writ approvals list | show | watch | approve | deny | revoke | standing | grant | away | back`. */
export function approvalsCommand(): Command {
  return new Command('approvals')
    .description('Look at calls that wait for a person, and approve or deny them')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(watchCommand())
    .addCommand(verdictCommand('approve', 'Approve calls: exactly these, each once'))
    .addCommand(verdictCommand('deny', 'Deny calls; the agent is told that a person refused'))
    .addCommand(
      verdictCommand(
        'revoke',
        'Take back what was approved and not used yet, or end standing permissions (`stp-…`)',
      ),
    )
    .addCommand(standingCommand())
    .addCommand(grantCommand())
    .addCommand(awayCommand())
    .addCommand(backCommand())
    .addHelpText(
      'after',
      '\nExamples:\n  npx writ approvals list\n  npx writ approvals approve apr-… --comment "checked with finance"',
    );
}

function listCommand(): Command {
  const command = addServiceOptions(new Command('list'))
    .description('List approvals, pending ones by default')
    .option('--status <status>', 'pending, approved, denied, expired, cancelled, used, or all', 'pending')
    .addHelpText('after', '\nExample:\n  npx writ approvals list --status all');
  return withAction(
    command,
    async ({ output }: CommandContext, options: ServiceOptions & { status: string }) => {
      const query = options.status === 'all' ? '' : `?status=${encodeURIComponent(options.status)}`;
      const { approvals } = (await operatorClient(options).get(`/v1/approvals${query}`)) as {
        approvals: Approval[];
      };
      output.json({ approvals });
      if (approvals.length === 0)
        output.line(`No ${options.status === 'all' ? '' : `${options.status} `}approvals.`);
      for (const approval of approvals) showApproval(output, approval);
      return EXIT.ok;
    },
  );
}

function showCommand(): Command {
  const command = addServiceOptions(new Command('show'))
    .description('Show all that is known of one call: who, why, what a yes does, what happened before')
    .argument('<id>', 'the approval, `apr-…`')
    .addHelpText('after', '\nExample:\n  npx writ approvals show apr-…');
  return withAction(command, async ({ output }: CommandContext, id: string, options: ServiceOptions) => {
    const approval = await operatorClient(options).get(`/v1/approvals/${encodeURIComponent(id)}`);
    output.json(approval);
    showApproval(output, approval as Approval);
    return EXIT.ok;
  });
}

function verdictCommand(verb: 'approve' | 'deny' | 'revoke', about: string): Command {
  const command = addServiceOptions(new Command(verb))
    .description(about)
    .argument('[id...]', 'the approvals, `apr-…`')
    .option('--comment <text>', 'why; kept on record')
    .addHelpText('after', `\nExample:\n  npx writ approvals ${verb} apr-… apr-…`);
  // What was approved is no group any more.
  if (verb !== 'revoke')
    command
      .option('--group <text>', 'all of a group that wait, in place of ids; with --count')
      .option(
        '--count <n>',
        'how many calls of the group you have seen: with another number nothing is done',
      );
  return withAction(
    command,
    async (
      { output }: CommandContext,
      named: readonly string[],
      options: ServiceOptions & { comment?: string; group?: string; count?: string },
    ) => {
      const body = options.comment === undefined ? {} : { comment: options.comment };
      const client = operatorClient(options);
      const { group, count } = options;
      // Judged by its list, a group is what somebody has seen of it; what else is named would be left out unsaid.
      if (group !== undefined && named.length > 0)
        throw new CommandError(
          EXIT.usage,
          `${named.length} ${named.length === 1 ? 'id is' : 'ids are'} named beside \`--group\``,
          'name ids, or a group with --count; nothing was done',
        );
      const ids = group === undefined ? named : await groupIds(client, group, count);
      if (ids.length === 0)
        throw new CommandError(EXIT.usage, 'no approval is named', `writ approvals ${verb} apr-…`);
      const answers: unknown[] = [];
      const failed: unknown[] = [];
      for (const id of ids) {
        try {
          const isStanding = verb === 'revoke' && id.startsWith('stp-');
          const place = isStanding ? 'standing' : 'approvals';
          const answer = await client.post(`/v1/${place}/${encodeURIComponent(id)}/${verb}`, body);
          answers.push(answer);
          if (isStanding) showStanding(output, answer as StandingPermission);
          else showApproval(output, answer as Approval);
        } catch (error) {
          if (ids.length === 1) throw error;
          failed.push(error);
          output.note(`${id}: ${(error as Error).message}`);
        }
      }
      output.json(ids.length === 1 ? answers[0] : { approvals: answers });
      return failed.length === 0 ? EXIT.ok : EXIT.no;
    },
  );
}

/** What waits in a group, as long as it is what the person has seen. */
async function groupIds(
  client: ReturnType<typeof operatorClient>,
  group: string,
  count: string | undefined,
): Promise<readonly string[]> {
  const path = `/v1/approvals/pending?group=${encodeURIComponent(group)}`;
  const { pending } = (await client.get(path)) as { pending: readonly { readonly id: string }[] };
  if (String(pending.length) !== count) {
    const how = `look at them with \`writ approvals list\`, then say --count ${pending.length}`;
    throw new CommandError(EXIT.no, `${pending.length} calls of group \`${group}\` wait`, how);
  }
  return pending.map(({ id }) => id);
}
