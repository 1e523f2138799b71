import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWrit } from '@writ/testing';
import { describe, expect, it } from 'vitest';
import { codeBlocks } from '../../tools/reference/code-blocks.ts';
import { runCommand } from '../../tools/run-command.ts';

const folder = join(import.meta.dirname, '../sdk');
const printed = codeBlocks(readFileSync(join(folder, 'README.md'), 'utf8')).find(
  ({ language }) => language === 'text',
)?.text;

/** Ids and times are new each time. */
function withoutIds(text: string): string {
  return text.replaceAll(/apr-[0-9a-f-]{36}/g, 'apr-…').replaceAll(/until [0-9T:.-]+Z/g, 'until …');
}

async function run(env: Readonly<Record<string, string>>): Promise<string> {
  const { status, output } = await runCommand(process.execPath, [join(folder, 'refund.ts')], {
    env: { NODE_NO_WARNINGS: '1', ...env },
  });
  expect({ status, output }).toMatchObject({ status: 0 });
  return withoutIds(output);
}

describe('the example of the SDK', () => {
  it('prints what its README says, in one process', async () => {
    expect(await run({})).toBe(printed);
  });

  it('prints the same against a service', async () => {
    const data = mkdtempSync(join(tmpdir(), 'writ-sdk-example-'));
    const writ = await startWrit(['serve', '--bundle', join(folder, '../tutorial/bundle')], data);
    try {
      expect(await run({ WRIT_URL: writ.api })).toBe(printed);
    } finally {
      await writ.stop();
      rmSync(data, { recursive: true, force: true });
    }
  });
});
