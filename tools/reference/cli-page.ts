import { homedir } from 'node:os';
import { createProgram } from '@writ/cli';

export const CLI_PAGE = 'docs/reference/cli.md';

type Command = ReturnType<typeof createProgram>;

const HEAD = `# Commands

<!-- Written by tools/write-reference.ts from the commands themselves: edit their help in packages/cli. -->

\`npx writ COMMAND\` in a project that has \`@writ/cli\`, or in a checkout of this repository. Every command knows \`--help\`
and \`--format json\`; in that form standard output holds one JSON document, and an error is
\`{"error": {"message", "help"?}}\`. What is only for people goes to standard error. Colours appear on a terminal, and not
where \`NO_COLOR\` is set.

Commands that speak to a running service (\`approvals\`, \`halt\`, \`log tail\`, \`log show\`) find it by the data directory,
and use the operator's token that lies there.
`;

/** The page of all commands: what \`--help\` of each says. */
export function cliPage(): string {
  const program = createProgram();
  const parts = [HEAD, '## `writ`\n', helpOf(program)];
  for (const command of program.commands) {
    parts.push(`\n## \`writ ${command.name()}\`\n`, helpOf(command));
    for (const inner of command.commands) {
      parts.push(`\n### \`writ ${command.name()} ${inner.name()}\`\n`, helpOf(inner));
    }
  }
  return `${parts.join('\n')}\n`;
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (more) => {
      text += more;
    },
    getOutHelpWidth: () => 110,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return `\`\`\`text\n${text.replaceAll(homedir(), '~').trim()}\n\`\`\``;
}
