import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../src/index.ts';
import { completionScript, completionWords } from '../src/output/completion.ts';

const program = createProgram();

/** What bash offers for the last of `words`. */
function complete(words: readonly string[]): string[] {
  const script = [
    completionScript(program, 'bash'),
    `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})`,
    `COMP_CWORD=${words.length - 1}`,
    '_writ',
    `printf '%s\\n' "\${COMPREPLY[@]}"`,
  ].join('\n');
  const ran = spawnSync('bash', ['-c', script], { encoding: 'utf8', timeout: 20_000 });
  expect(ran.stderr).toBe('');
  return ran.stdout.trim().split('\n');
}

describe('completion', () => {
  it('offers commands', () => {
    expect(complete(['writ', ''])).toEqual(expect.arrayContaining(['init', 'serve', 'log']));
    expect(complete(['writ', 'compl'])).toEqual(['completion']);
  });

  it('offers subcommands and options', () => {
    expect(complete(['writ', 'log', 'v'])).toEqual(['verify']);
    expect(complete(['writ', 'approvals', 'approve', '--com'])).toEqual(['--comment']);
    expect(complete(['writ', 'serve', '--ad'])).toEqual(['--addr']);
  });

  it('goes on after arguments that are no commands', () => {
    expect(complete(['writ', 'halt', '--actor', 'agent:ops', '--li'])).toEqual(['--lift']);
  });

  it('offers files where no word fits', () => {
    expect(complete(['writ', 'check', 'packag'])).toEqual(expect.arrayContaining(['packages']));
  });

  it('covers every command in every shell', () => {
    for (const shell of ['bash', 'zsh', 'fish'] as const) {
      const script = completionScript(program, shell);
      for (const path of completionWords(program).keys())
        for (const word of path.split(' ')) expect(script).toContain(word);
    }
    expect(
      spawnSync('bash', ['-n'], { input: completionScript(program, 'bash'), encoding: 'utf8' }).status,
    ).toBe(0);
  });
});
