import { type Command, CommanderError } from 'commander';
import { CommandError, EXIT } from './exit-status.ts';
import { type Output, processOutput } from './output/output.ts';

/** What every command gets beside its own arguments. */
export interface CommandContext {
  readonly output: Output;
  /** What `--format` said. */
  readonly format: string;
}

/** What `--format` may say. */
export interface Formats {
  readonly flag: string;
  readonly choices: readonly string[];
  readonly initial: string;
  /** How help describes it. */
  readonly about: string;
}

const FORMATS: Formats = {
  flag: '-f, --format <format>',
  choices: ['pretty', 'json'],
  initial: 'pretty',
  about: 'pretty for people, json for programs',
};

type Action = (context: CommandContext, ...args: never[]) => Promise<number> | number;

/**
 * Wraps a command's action: adds `--format`, gives it its output, turns errors into a message with a way out, and
 * sets the exit status that the action returns.
 */
export function withAction(command: Command, action: Action, formats = FORMATS): Command {
  // Where -f follows a log it is not free.
  const isTaken = command.options.some(({ short }) => short === '-f');
  const flag = isTaken ? formats.flag.replace(/^-f, /, '') : formats.flag;
  return command.option(flag, formats.about, formats.initial).action(async (...args: unknown[]) => {
    const self = args.pop() as Command;
    const { format } = self.opts<{ format: string }>();
    if (!formats.choices.includes(format))
      self.error(`error: --format must be ${listed(formats.choices)}, not \`${format}\``);
    const output = processOutput(format === 'json' ? 'json' : 'pretty');
    process.exitCode = await guarded(output, () => action({ output, format }, ...(args as never[])));
  });
}

function listed(choices: readonly string[]): string {
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
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
