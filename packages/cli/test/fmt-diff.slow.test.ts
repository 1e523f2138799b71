import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { formatModule } from '@writ/rego';
import { findOpa, isSkip, opaSources } from '@writ/testing';
import { describe, expect, it } from 'vitest';
import { characterDiff } from '../src/present/character-diff.ts';
import { runWrit, temporaryFolder } from './support/run-writ.ts';

const opa = await findOpa();
const note = typeof opa === 'object' && isSkip(opa) ? ` (skipped: ${opa.skip})` : '';
const run = promisify(execFile);

describe.skipIf(note !== '')(`fmt --diff${note}`, () => {
  it.each([
    ['v0', 0],
    ['v1', 1],
  ] as const)('shows of the %s formatter corpus what opa shows', async (folder, version) => {
    const path = join(await opaSources(), 'v1/format/testfiles', folder);
    const files = readdirSync(path).filter((name) => name.endsWith('.rego'));
    let compared = 0;
    for (const file of files) {
      const before = readFileSync(join(path, file), 'utf8');
      const { text } = formatModule(before, { file, version, target: { min: version, max: version } });
      if (text === undefined || text === before) continue;
      const words = ['fmt', '--diff', ...(version === 0 ? ['--v0-compatible'] : []), join(path, file)];
      const { stdout } = await run(opa as string, words);
      expect([file, `${characterDiff(before, text)}\n`]).toEqual([file, stdout]);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(30);
  });

  it('the command prints it, and lines without colours where there are to be none', async () => {
    const file = join(temporaryFolder(), 'a.rego');
    writeFileSync(file, 'package a\n\np:=1\n');
    const { stdout } = await run(opa as string, ['fmt', '--diff', file]);
    expect((await runWrit(['fmt', '--diff', file])).stdout).toBe(stdout);
    const plain = await runWrit(['fmt', '--diff', file], { env: { NO_COLOR: '1' } });
    expect(plain.stdout).toBe(`${file}\n-    3 p:=1\n+    3 p := 1\n`);
  });
});
