import { capabilities, readCapabilities } from '@writ/rego';
import { Command } from 'commander';
import { withAction } from '../command.ts';
import { readText } from '../compose/read-text.ts';
import { CommandError, EXIT } from '../exit-status.ts';

interface CapabilitiesOptions {
  readonly current?: boolean;
  readonly file?: string;
  readonly v0Compatible?: boolean;
}

/** `writ capabilities`: what the engine can do, in the form of OPA's `capabilities.json`. */
export function capabilitiesCommand(): Command {
  const command = new Command('capabilities')
    .description('Print what the engine can do, in the form of OPA’s capabilities.json')
    .option('--current', 'what this version can do; the same as without it')
    .option('--file <path>', 'what a file says, checked')
    .option('--v0-compatible', 'for modules written in Rego v0')
    .addHelpText('after', '\nExample:\n  npx writ capabilities > capabilities.json');
  return withAction(command, (_context, options: CapabilitiesOptions) => {
    const shown =
      options.file === undefined
        ? capabilities(options.v0Compatible === true ? 0 : 1)
        : fromFile(options.file);
    process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
    return EXIT.ok;
  });
}

function fromFile(file: string): unknown {
  const read = readCapabilities(parsed(file));
  if ('problem' in read) throw new CommandError(EXIT.badInput, `${file}: ${read.problem}`);
  return read;
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readText(file));
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new CommandError(EXIT.badInput, `${file} is not JSON: ${error.message}`);
    throw error;
  }
}
