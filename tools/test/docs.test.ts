import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createProgram } from '@writ/cli';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const scripts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts as Record<
  string,
  string
>;
const program = createProgram();
/** Folders that a reader can look into: a path in prose that begins with one must exist. */
const FOLDERS = ['packages', 'examples', 'docs', 'conformance', 'bench', 'deploy'];
/** npm's own commands that are no scripts. */
const NPM_COMMANDS = new Set(['install', 'ci', 'start', 'test', 'pack', 'publish']);

interface Page {
  readonly path: string;
  readonly text: string;
}

function listPages(folder: string): string[] {
  const full = join(root, folder);
  if (!existsSync(full)) return [];
  return readdirSync(full, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (/^(node_modules|test)$/.test(entry.name)) return [];
    if (entry.isDirectory()) return listPages(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

const pages: readonly Page[] = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...['docs', 'examples', 'packages', 'conformance', 'bench'].flatMap(listPages),
].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/** What stands in backticks or in a block of shell: where commands are. */
function codeOf({ text }: Page): string[] {
  const fences = [...text.matchAll(/^ *```(\w*)[^\n]*\n([\s\S]*?)^ *```/gm)];
  const shell = fences.filter(([, language]) => /^(sh|bash|shell|console)$/.test(language ?? ''));
  const lines = shell.flatMap(([, , body]) => (body ?? '').replaceAll('\\\n', ' ').split('\n'));
  const prose = text.replace(/^ *```[\s\S]*?^ *```/gm, '');
  return [...lines, ...[...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '')];
}

/** The words of each `writ` command in a line of code, without comments. */
function writCommands(line: string): string[][] {
  return [
    ...line.replace(/(^|\s)#.*$/, '').matchAll(/(?:^|&&|;|\||\$|\()\s*(?:npx )?writ((?: +[^\s&;|)]+)+)/g),
  ].map(([, words]) => (words ?? '').trim().split(/\s+/));
}

/** What is wrong with a command, or undefined. */
function faultOf(words: readonly string[]): string | undefined {
  let command: Command = program;
  for (const [index, word] of words.entries()) {
    if (word === '--') return undefined;
    if (word === '--help' || word === '--version' || word === '-h') continue;
    if (word.startsWith('-')) {
      const option = word.split('=')[0] ?? '';
      const known = command.options.some(({ long, short }) => long === option || short === option);
      if (!known) return `\`writ ${words.join(' ')}\`: no option ${option}`;
      continue;
    }
    const child = command.commands.find((each) => each.name() === word);
    if (child !== undefined) command = child;
    else if (
      command.commands.length > 0 &&
      /^[a-z]+$/.test(word) &&
      words.slice(0, index).every((each) => !each.startsWith('-'))
    )
      return `\`writ ${words.join(' ')}\`: no command ${word}`;
  }
  return undefined;
}

describe('the pages', () => {
  it('are there, with commands in them', () => {
    expect(pages.length).toBeGreaterThan(15);
    expect(pages.flatMap(codeOf).flatMap(writCommands).length).toBeGreaterThan(20);
  });

  it('name commands and options that exist', () => {
    const wrong = pages.flatMap((page) =>
      codeOf(page)
        .flatMap(writCommands)
        .flatMap((words) => faultOf(words) ?? [])
        .map((fault) => `${page.path}: ${fault}`),
    );
    expect(wrong).toEqual([]);
  });

  it('name npm scripts that exist', () => {
    const wrong = pages.flatMap((page) =>
      codeOf(page).flatMap((line) =>
        [...line.matchAll(/\bnpm (run )?([a-z][a-z-]*)/g)]
          .filter(([, run, name = '']) =>
            run === undefined ? !NPM_COMMANDS.has(name) : scripts[name] === undefined,
          )
          .map(([command]) => `${page.path}: ${command}`),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it('name files of the project that exist', () => {
    // `tools/list` is a method of MCP and `tools/v1` a profile: below tools only what looks like a file is one.
    const named = new RegExp(`^(?:\\./)?(?:(?:${FOLDERS.join('|')})/[\\w./@-]*|tools/[\\w./-]+\\.\\w+)$`);
    const wrong = pages.flatMap((page) =>
      codeOf(page)
        .flatMap((line) => line.split(/\s+/))
        .filter((word) => named.test(word) && !existsSync(join(root, word)))
        // A page of a package may name a folder of its own.
        .filter((word) => !existsSync(resolve(root, dirname(page.path), word)))
        .map((word) => `${page.path}: ${word}`),
    );
    expect(wrong).toEqual([]);
  });

  it('link to files that exist', () => {
    const wrong = pages.flatMap((page) =>
      [...page.text.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map(([, target]) => target ?? '')
        .filter(
          (target) => !/^[a-z]+:/.test(target) && !existsSync(resolve(root, dirname(page.path), target)),
        )
        .map((target) => `${page.path}: ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('a command that does not exist would be found', () => {
    expect(faultOf(['serve', '--bundel', 'x'])).toContain('no option --bundel');
    expect(faultOf(['log', 'verfy'])).toContain('no command verfy');
    expect(faultOf(['mcp', 'run', '--bundle', 'p', '--', 'npx', '--yes'])).toBeUndefined();
    expect(
      writCommands('npx writ init my-policy && cd my-policy && npx writ test policy # tests'),
    ).toHaveLength(2);
  });
});
