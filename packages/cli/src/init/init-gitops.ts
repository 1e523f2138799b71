import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandError, EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';
import { copyTemplate } from './copy-template.ts';

const TEMPLATE = fileURLToPath(new URL('../../templates/gitops', import.meta.url));
/** What stands for the registry in the template. */
const REGISTRY = 'registry.example.org/policies';
/** Keys never get into version control, nor what the script writes. */
const IGNORED = ['.writ/', 'node_modules/', '*.key', 'policy-diff.md', '*.tar.gz', ''].join('\n');

export interface GitopsOptions {
  readonly gitops?: boolean;
  readonly registry?: string;
}

/** `writ init --gitops`: a repository of policies that is ready to be pushed. */
export function initGitops(
  output: Output,
  folder: string,
  dir: string,
  { gitops, registry }: GitopsOptions,
): number {
  if (gitops !== true) throw new CommandError(EXIT.usage, '--registry goes with --gitops');
  if (registry !== undefined && !/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9][a-z0-9._-]*)*$/.test(registry))
    throw new CommandError(
      EXIT.usage,
      `--registry must be HOST/PREFIX, not \`${registry}\``,
      `such as ${REGISTRY}`,
    );
  const files = copyTemplate(TEMPLATE, folder, IGNORED);
  if (registry !== undefined) {
    for (const file of files.map((name) => join(folder, name))) {
      const text = readFileSync(file, 'utf8');
      if (text.includes(REGISTRY)) writeFileSync(file, text.replaceAll(REGISTRY, registry));
    }
  }
  output.json({ folder, files: [...files, '.gitignore'] });
  output.line(`Made ${files.length} files in ${folder}:`);
  for (const file of files) output.line(`  ${file}`);
  output.line();
  output.line('Next (README.md says more):');
  if (dir !== '.') output.line(`  cd ${dir}`);
  output.line('  git init && git add -A && git commit -m "Policies as code"');
  output.line('  node policy.mjs check');
  return EXIT.ok;
}
