import { Command } from 'commander';
import { historyCommand, listCommand } from './bundles-look.ts';
import { pullCommand, pushCommand, tagCommand } from './bundles-registry.ts';
import { rollbackCommand } from './bundles-rollback.ts';
import { verifyArchiveCommand } from './bundles-verify.ts';

/** `writ bundles list | history | push | pull | tag | verify | rollback`. */
export function bundlesCommand(): Command {
  return new Command('bundles')
    .description('See which policies are in force and were; publish, fetch and check archives; roll back')
    .addCommand(listCommand())
    .addCommand(historyCommand())
    .addCommand(pushCommand())
    .addCommand(pullCommand())
    .addCommand(tagCommand())
    .addCommand(verifyArchiveCommand())
    .addCommand(rollbackCommand())
    .addHelpText(
      'after',
      '\nExamples:\n  npx writ bundles list\n  npx writ bundles history payments\n  npx writ bundles rollback payments --to 4f2a91c --signing-key author.key --signing-alg ES256 --signing-key-id k1',
    );
}
