import type { Command } from 'commander';

/** Options of every command that speaks to a running service. */
export function addServiceOptions(command: Command): Command {
  return command
    .option('--config <file>', 'configuration (default: writ.yaml in this folder)')
    .option('--data <dir>', "data directory of the service (default: the configuration's, else .writ)")
    .option('--url <url>', 'address of the service (default: the one running on the data directory)')
    .option('--token <file>', "file with the operator's token (default: in the data directory)");
}
