import type { EraseReport } from '@writ/ledger';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { operatorClient, type ServiceOptions } from '../compose/operator-client.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { addServiceOptions } from './service-options.ts';

const TARGETS = ['tenant', 'principal', 'actor', 'session'] as const;

interface EraseOptions extends ServiceOptions, Partial<Record<(typeof TARGETS)[number], string>> {
  readonly field?: string[];
  readonly reason?: string;
}

/** `writ log erase`: what belongs to somebody goes from the record, and every proof stays. */
export function eraseCommand(): Command {
  const command = addServiceOptions(new Command('erase'))
    .description(
      'Erase what belongs to somebody from the record; leaves and proofs stay, the erasure is recorded',
    )
    .option('--principal <id>', 'of this principal')
    .option('--actor <id>', 'of this agent')
    .option('--tenant <id>', 'of this tenant')
    .option('--session <id>', 'of this session, as the record names it')
    .option(
      '--field <name>',
      'only this field, with those that are committed to together; may be repeated (default: all)',
      (name: string, before?: string[]) => [...(before ?? []), name],
    )
    .option('--reason <text>', 'why; kept on record, so it must not name the person')
    .addHelpText(
      'after',
      '\nExample:\n  npx writ log erase --principal user:ann --reason "request 2026-17"\n\n' +
        'Where several are named, all must hold. Copies and exports made before are not reached.',
    );
  return withAction(command, async ({ output }: CommandContext, options: EraseOptions) => {
    const named = TARGETS.filter((name) => options[name] !== undefined);
    if (named.length === 0)
      throw new CommandError(EXIT.usage, 'name whose fields go: --principal, --actor, --tenant or --session');
    const report = (await operatorClient(options).post('/v1/log/erase', {
      ...Object.fromEntries(named.map((name) => [name, options[name]])),
      ...(options.field === undefined ? {} : { fields: options.field }),
      ...(options.reason === undefined ? {} : { reason: options.reason }),
    })) as EraseReport;
    output.json(report);
    output.line(
      `Erased ${report.fields} fields of ${report.entries} entries; recorded in ${report.recorded.length} entries.`,
    );
    return EXIT.ok;
  });
}
