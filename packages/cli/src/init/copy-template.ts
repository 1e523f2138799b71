import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, EXIT } from '../exit-status.ts';

/**
 * Copies a template into a folder and gives its files. Where one of them is there already nothing is written.
 *
 * @param ignored what `.gitignore` says where there is none; none is written for an empty text
 */
export function copyTemplate(template: string, folder: string, ignored = '.writ/\n'): readonly string[] {
  const files = listFiles(template);
  const taken = files.filter((file) => existsSync(join(folder, file)));
  if (taken.length > 0) {
    throw new CommandError(
      EXIT.badInput,
      `${folder} holds ${taken.join(', ')} already`,
      'name another folder; nothing was written',
    );
  }
  mkdirSync(folder, { recursive: true });
  cpSync(template, folder, { recursive: true });
  // State, record and credentials never belong into version control.
  if (ignored !== '' && !existsSync(join(folder, '.gitignore')))
    writeFileSync(join(folder, '.gitignore'), ignored);
  return files;
}

function listFiles(folder: string, prefix = ''): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true })
    .flatMap((entry) => {
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      return entry.isDirectory() ? listFiles(folder, path) : [path];
    })
    .sort();
}
