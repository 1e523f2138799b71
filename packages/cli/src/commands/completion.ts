import { Command } from 'commander';
import { withAction } from '../command.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { completionScript, isShell } from '../output/completion.ts';

/** `writ completion SHELL`. */
export function completionCommand(program: Command): Command {
  const command = new Command('completion')
    .description('Print a completion script for bash, zsh or fish')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText('after', '\nExample:\n  source <(npx writ completion bash)');
  return withAction(command, ({ output }, shell: string) => {
    if (!isShell(shell))
      throw new CommandError(EXIT.usage, `no completion for \`${shell}\``, 'known are bash, zsh and fish');
    const script = completionScript(program, shell);
    output.json({ shell, script });
    output.line(script.trimEnd());
    return EXIT.ok;
  });
}
