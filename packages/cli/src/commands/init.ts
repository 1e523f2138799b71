import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { CommandError, EXIT } from '../exit-status.ts';

const TEMPLATE = fileURLToPath(new URL('../../templates/init', import.meta.url));

/** `writ init [DIR]`: a starter project that works as it is. */
export function initCommand(): Command {
  const command = new Command('init')
    .description('Make a starter project: policy, tests, configuration, sample request')
    .argument('[dir]', 'folder to make it in', '.')
    .addHelpText('after', '\nExample:\n  npx writ init my-policy && cd my-policy && npx writ test policy');
  return withAction(command, ({ output }: CommandContext, dir: string) => {
    const folder = resolve(dir);
    const files = listFiles(TEMPLATE);
    const taken = files.filter((file) => existsSync(join(folder, file)));
    if (taken.length > 0) {
      throw new CommandError(
        EXIT.badInput,
        `${folder} holds ${taken.join(', ')} already`,
        'name another folder; nothing was written',
      );
    }
    mkdirSync(folder, { recursive: true });
    cpSync(TEMPLATE, folder, { recursive: true });
    // State, record and credentials never belong into version control.
    if (!existsSync(join(folder, '.gitignore'))) writeFileSync(join(folder, '.gitignore'), '.writ/\n');
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
  });
}

function listFiles(folder: string, prefix = ''): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true })
    .flatMap((entry) => {
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      return entry.isDirectory() ? listFiles(folder, path) : [path];
    })
    .sort();
}
