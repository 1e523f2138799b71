import type { Approval } from '@writ/decision';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { operatorClient, type ServiceOptions } from '../compose/operator-client.ts';
import { EXIT } from '../exit-status.ts';
import { type Output, table } from '../output/output.ts';
import { addServiceOptions } from './service-options.ts';

/** `writ approvals list | approve ID | deny ID`. */
export function approvalsCommand(): Command {
  return new Command('approvals')
    .description('Look at calls that wait for a person, and approve or deny them')
    .addCommand(listCommand())
    .addCommand(verdictCommand('approve', 'Approve one call: exactly this one, once'))
    .addCommand(verdictCommand('deny', 'Deny one call; the agent is told that a person refused'))
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

function verdictCommand(verb: 'approve' | 'deny', about: string): Command {
  const command = addServiceOptions(new Command(verb))
    .description(about)
    .argument('<id>', 'the approval, `apr-…`')
    .option('--comment <text>', 'why; kept on record')
    .addHelpText('after', `\nExample:\n  npx writ approvals ${verb} apr-…`);
  return withAction(
    command,
    async ({ output }: CommandContext, id: string, options: ServiceOptions & { comment?: string }) => {
      const body = options.comment === undefined ? {} : { comment: options.comment };
      const answer = await operatorClient(options).post(
        `/v1/approvals/${encodeURIComponent(id)}/${verb}`,
        body,
      );
      output.json(answer);
      showApproval(output, answer as Approval);
      return EXIT.ok;
    },
  );
}

function showApproval(output: Output, approval: Approval): void {
  const { action, principal, actor } = approval;
  output.line(`${output.style('bold', approval.id)}  ${approval.status}`);
  const rows = [
    ['  what', `${action.server === undefined ? '' : `${action.server}: `}${action.tool ?? action.type}`],
    ['  with', JSON.stringify(action.args ?? {})],
    [
      '  who',
      `${actor.id} for ${principal.id}${principal.tenant === undefined ? '' : ` (${principal.tenant})`}`,
    ],
    [
      '  why',
      approval.reasons
        .map(({ code, message }) => (message === undefined ? code : `${code}: ${message}`))
        .join('; '),
    ],
    ['  until', approval.expires_at],
    ...(approval.decided_by === undefined
      ? []
      : [['  by', `${approval.decided_by} at ${approval.decided_at ?? ''}`]]),
  ];
  for (const line of table(rows)) output.line(line);
}
