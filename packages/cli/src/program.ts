import { Command } from 'commander';
import { COMMANDS } from './commands/table.ts';
import { EXIT } from './exit-status.ts';
import { ownVersion } from './own-version.ts';

const STATUS_HELP = `
Exit status:
  ${EXIT.ok}   done; for questions: yes
  ${EXIT.no}   the answer is no: denied, a test failed, the record does not verify
  ${EXIT.usage}  the command line is wrong
  ${EXIT.badInput}  a given file is wrong: a policy, a request
  ${EXIT.unavailable}  something needed does not answer
  ${EXIT.internal}  a fault of ours
  ${EXIT.notPermitted}  the credential is missing or does not suffice
  ${EXIT.config}  the configuration is wrong

Start here:
  npm start                                     a guided tour on real calls
  writ init my-policy && cd my-policy           a project of your own
  writ test . && writ serve                     try it, then serve it`;

/** The whole command tree. */
export function createProgram(): Command {
  const program = new Command('writ')
    .description('Decides what AI agents may do, before it takes effect, and keeps the proof.')
    .version(ownVersion())
    .showSuggestionAfterError()
    .showHelpAfterError('(writ --help lists the commands)')
    .addHelpText('after', STATUS_HELP);
  for (const create of COMMANDS) program.addCommand(create(program));
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap(({ commands }) => commands),
  ]) {
    command.exitOverride();
  }
  return program;
}
