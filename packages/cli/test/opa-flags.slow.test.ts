import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOpa } from '@writ/testing';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../src/program.ts';

const found = await findOpa();
const opa = typeof found === 'string' ? found : undefined;
const note = typeof found === 'string' ? '' : ` (skipped: ${found.skip})`;

const COMMANDS = [
  ...['eval', 'test', 'check', 'fmt', 'deps', 'bench'],
  ...['inspect', 'parse', 'capabilities'],
] as const;

interface Flag {
  readonly long: string;
  readonly short: string | undefined;
}

/** What `opa COMMAND --help` lists. */
function flagsOfOpa(command: string): readonly Flag[] {
  const help = execFileSync(opa!, [command, '--help'], { encoding: 'utf8' });
  return [...help.matchAll(/^ {2,6}(?:(-\w), )?(--[a-z0-9-]+)\b/gm)]
    .map(([, short, long]) => ({ long: long!, short }))
    .filter(({ long }) => long !== '--help');
}

/** What `docs/reference/opa-flags.md` says is left out. */
function leftOut(): readonly { readonly command: string; readonly flag: string }[] {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/reference/opa-flags.md'), 'utf8');
  return [...text.matchAll(/^\| `([a-z]+)`\s*\| `(--[a-z0-9-]+)`\s*\| \S/gm)].map(([, command, flag]) => ({
    command: command!,
    flag: flag!,
  }));
}

describe.skipIf(opa === undefined)(`flags of a real OPA${note}`, () => {
  const program = createProgram();
  const absent = leftOut();

  it.each(COMMANDS)('%s has those of `opa`, or the reference says why not', (name) => {
    const command = program.commands.find((one) => one.name() === name)!;
    const theirs = flagsOfOpa(name);
    expect(theirs.length).toBeGreaterThan(1);
    const missing = theirs.filter(({ long }) => !command.options.some((option) => option.long === long));
    expect(missing.map(({ long }) => long).sort()).toEqual(
      absent
        .filter((one) => one.command === name)
        .map(({ flag }) => flag)
        .sort(),
    );
    for (const { long, short } of theirs) {
      const option = command.options.find((one) => one.long === long);
      if (option !== undefined && short !== undefined) expect([long, option.short]).toEqual([long, short]);
    }
  });

  it('the reference names no other commands', () => {
    for (const { command } of absent) expect(COMMANDS).toContain(command);
  });
});
