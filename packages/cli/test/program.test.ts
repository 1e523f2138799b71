import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram, EXIT } from '../src/index.ts';

function leaves(command: Command, path: string): [string, Command][] {
  const below = command.commands.flatMap((child) => leaves(child, `${path} ${child.name()}`));
  return [[path, command], ...below];
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

describe('help', () => {
  const all = leaves(createProgram(), 'writ');

  it('covers every command', () => {
    const names = all.map(([path]) => path);
    for (const name of [
      'init',
      'serve',
      'decide',
      'eval',
      'test',
      'check',
      'log',
      'approvals',
      'halt',
      'completion',
    ])
      expect(names).toContain(`writ ${name}`);
  });

  it.each(all.filter(([path]) => path !== 'writ'))(
    'of `%s` has a description and an example',
    (path, command) => {
      const help = helpOf(command);
      expect(command.description()).not.toBe('');
      const examples = help.split('\n').filter((line) => /^ {2}(source <\()?npx writ /.test(line));
      expect(help).toMatch(/\nExamples?:\n/);
      expect(
        examples.some((line) =>
          line.includes(path.replace('writ ', 'npx writ ').split(' ').slice(0, 3).join(' ')),
        ),
      ).toBe(true);
    },
  );

  it.each(all.filter(([, { commands }]) => commands.length === 0))(
    'of `%s` knows --format',
    (_path, command) => {
      expect(command.options.map(({ long }) => long)).toContain('--format');
    },
  );

  it('lists every exit status', () => {
    const help = helpOf(createProgram());
    for (const status of Object.values(EXIT)) expect(help).toMatch(new RegExp(`^ {2}${status} `, 'm'));
  });
});
