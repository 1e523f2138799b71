import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { analyseLine } from '../src/command/analyse-command.ts';
import { unseen } from './command-coverage.ts';
import { commandLine } from './command-grammar.ts';
import { SHELL_LINES } from './command-lines.ts';
import { openStage, realProgram } from './shell-stage.ts';

/** How many generated lines each shell is given. */
const GENERATED = Number(process.env['WRIT_SHELL_LINES'] ?? 400);

const stage = openStage();
afterAll(() => stage.close());

/** What the shell did and nobody saw; undefined for a line that is refused, and is not run. */
async function missed(shell: string, line: string): Promise<string[] | undefined> {
  const found = analyseLine(line, { cwd: stage.cwd, home: stage.home, unknown: 'mark' });
  return found.ok ? unseen(found, await stage.run(shell, line)) : undefined;
}

for (const name of ['bash', 'dash']) {
  const shell = realProgram(name) ?? '';
  const missing = shell === '' ? ` (skipped: there is no ${name}; apt-get install ${name})` : '';
  describe.skipIf(shell === '')(`[P-COMMAND-PROGRAMS] a real ${name}${missing}`, () => {
    it('runs and touches what was told of a line, and nothing else', async () => {
      let understood = 0;
      for (const line of SHELL_LINES) {
        const found = await missed(shell, line);
        if (found === undefined) continue;
        expect(found, line).toEqual([]);
        understood += 1;
      }
      expect(understood).toBeGreaterThanOrEqual(60);
    }, 120_000);

    it('runs and touches what was told of any line', async () => {
      let understood = 0;
      await fc.assert(
        fc.asyncProperty(commandLine, async (line) => {
          const found = await missed(shell, line);
          if (found === undefined) return;
          expect(found).toEqual([]);
          understood += 1;
        }),
        { numRuns: GENERATED },
      );
      expect(understood).toBeGreaterThan(GENERATED / 10);
    }, 600_000);
  });
}

it('is a trace that sees what nobody told', async () => {
  const shell = realProgram('sh') as string;
  const found = analyseLine('ls', { cwd: stage.cwd, home: stage.home, unknown: 'refuse' });
  if (!found.ok) throw new Error(found.message);
  const seen = unseen(found, await stage.run(shell, 'ls; cd sub; rm c.c > out; ls deep'));
  expect(seen.map((each) => each.replaceAll(stage.cwd, '.'))).toEqual(
    expect.arrayContaining([
      'ran rm ["c.c"] in ./sub',
      'ran with other words: ls ["deep"] in ./sub',
      'wrote ./sub/out',
    ]),
  );
});
