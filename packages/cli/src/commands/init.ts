import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { copyTemplate } from '../init/copy-template.ts';
import { type GitopsOptions, initGitops } from '../init/init-gitops.ts';
import { initLayers, type LayersInit } from '../init/init-layers.ts';

const TEMPLATE = fileURLToPath(new URL('../../templates/init', import.meta.url));

/** `writ init [DIR]`: a starter project that works as it is. */
export function initCommand(): Command {
  const command = new Command('init')
    .description('Make a starter project: policy, tests, configuration, sample request')
    .argument('[dir]', 'folder to make it in', '.')
    .option(
      '--gitops',
      'a repository of policies instead: checks, releases, promotion and rollback by one script',
    )
    .option('--registry <host/prefix>', 'with --gitops: where its bundles are published')
    .option('--layers', 'five bundles instead, one for each layer, with tests and sample requests')
    .option(
      '--template <layer>',
      'the bundle of one layer: identity, resource, workflow, compliance or override',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  npx writ init my-policy && cd my-policy && npx writ test policy\n  npx writ init --gitops policies --registry registry.example.org/policies\n  npx writ init --layers my-policies\n  npx writ init --template compliance',
    );
  return withAction(
    command,
    ({ output }: CommandContext, dir: string, options: GitopsOptions & LayersInit) => {
      const folder = resolve(dir);
      const isGitops = options.gitops === true || options.registry !== undefined;
      const kinds = [isGitops, options.layers === true, options.template !== undefined];
      if (kinds.filter(Boolean).length > 1)
        throw new CommandError(EXIT.usage, 'name one of --gitops, --layers and --template');
      if (isGitops) return initGitops(output, folder, dir, options);
      if (options.layers === true || options.template !== undefined)
        return initLayers(output, folder, dir, options);
      const files = copyTemplate(TEMPLATE, folder);
      output.json({ folder, files: [...files, '.gitignore'] });
      output.line(`Made ${files.length} files in ${folder}:`);
      for (const file of files) output.line(`  ${file}`);
      output.line();
      output.line('Next:');
      if (dir !== '.') output.line(`  cd ${dir}`);
      output.line('  npx writ test policy');
      output.line('  npx writ decide --explain requests/search.json');
      output.line('  npx writ serve');
      return EXIT.ok;
    },
  );
}
