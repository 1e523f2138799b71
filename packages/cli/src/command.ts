import { type Command, CommanderError } from 'commander';
import { CommandError, EXIT } from './exit-status.ts';
import { type Output, type OutputFormat, processOutput } from './output/output.ts';

/** What every command gets beside its own arguments. */
export interface CommandContext {
  readonly output: Output;
}

type Action = (context: CommandContext, ...args: never[]) => Promise<number> | number;

/**
 * Wraps a command's action: adds `--format`, gives it its output, turns errors into a message with a way out, and
 * sets the exit status that the action returns.
 */
export function withAction(command: Command, action: Action): Command {
  return command
    .option('--format <format>', 'pretty for people, json for programs', 'pretty')
    .action(async (...args: unknown[]) => {
      const self = args.pop() as Command;
      const { format } = self.opts<{ format: string }>();
      if (format !== 'pretty' && format !== 'json')
        self.error(`error: --format must be pretty or json, not \`${format}\``);
      const output = processOutput(format as OutputFormat);
      process.exitCode = await guarded(output, () => action({ output }, ...(args as never[])));
    });
}

async function guarded(output: Output, run: () => Promise<number> | number): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof CommanderError) throw error;
    if (error instanceof CommandError) {
      report(output, error.message, error.help);
      return error.status;
    }
    // Not an expected outcome: the whole of it is shown, so that it can be reported.
    report(
      output,
      `internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      undefined,
    );
    return EXIT.internal;
  }
}

function report(output: Output, message: string, help: string | undefined): void {
  if (output.format === 'json') output.json({ error: { message, ...(help === undefined ? {} : { help }) } });
  output.note(`writ: ${message}`);
  if (help !== undefined) output.note(`  ${help}`);
}
