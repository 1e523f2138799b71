import { moduleToAst, parseModule, renderDiagnostic } from '@writ/rego';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { readText } from '../compose/read-text.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { prettyJson } from '../present/pretty-json.ts';

interface ParseOptions {
  readonly jsonInclude?: string;
  readonly v0Compatible?: boolean;
}

const PARTS: readonly string[] = ['locations', 'comments'];

/** `writ parse FILE`: the syntax tree of a policy, as `opa parse` prints it. */
export function parseCommand(): Command {
  const command = new Command('parse')
    .description('Print the syntax tree of a Rego file as JSON, as `opa parse --format json` does')
    .argument('<file>', 'a Rego file; - is standard input')
    .option('--json-include <parts>', 'locations, comments; `-comments` leaves comments out')
    .option('--v0-compatible', 'read the file as Rego v0')
    .addHelpText('after', '\nExample:\n  npx writ parse --json-include locations,-comments policy.rego');
  const formats = {
    flag: '-f, --format <format>',
    choices: ['json', 'pretty'],
    initial: 'json',
    about: 'json; pretty prints the same and shows errors with their lines',
  };
  return withAction(
    command,
    ({ format }: CommandContext, file: string, options: ParseOptions) => {
      const included = includedParts(options.jsonInclude ?? '');
      const text = readText(file);
      const version = options.v0Compatible === true ? 0 : 1;
      const { module, diagnostics } = parseModule(text, { file, version });
      if (module !== undefined) {
        process.stdout.write(`${goJson(moduleToAst(module, included))}\n`);
        return EXIT.ok;
      }
      if (format === 'pretty')
        throw new CommandError(
          EXIT.badInput,
          diagnostics.map((each) => renderDiagnostic(each, text)).join('\n\n'),
        );
      const errors = diagnostics.map(({ code, message, location }) => ({
        message,
        code,
        location: { file: location.file, row: location.row, col: location.column },
      }));
      process.stderr.write(`${goJson({ errors })}\n`);
      return EXIT.badInput;
    },
    formats,
  );
}

/** As Go's encoder writes it: `<`, `>` and `&` escaped. */
function goJson(value: unknown): string {
  const escapes: Readonly<Record<string, string>> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026' };
  return prettyJson(JSON.stringify(value)).replace(/[<>&]/g, (character) => escapes[character]!);
}

function includedParts(text: string): { readonly locations: boolean; readonly comments: boolean } {
  const parts = text.split(',').filter((part) => part !== '');
  for (const part of parts) {
    if (!PARTS.includes(part.replace(/^[-+]/, '')))
      throw new CommandError(EXIT.usage, `--json-include: \`${part}\` is none of ${PARTS.join(', ')}`);
  }
  return {
    locations: parts.some((part) => /^\+?locations$/.test(part)),
    comments: !parts.includes('-comments'),
  };
}
