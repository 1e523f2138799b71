import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DIAGNOSTIC_CODES } from '@writ/rego';
import { findOpa } from '@writ/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeBlocks } from '../../tools/reference/code-blocks.ts';
import { errorPagePath } from '../../tools/reference/error-pages.ts';
import { runCommand } from '../../tools/run-command.ts';

const root = join(import.meta.dirname, '../..');
const found = await findOpa();
const opa = typeof found === 'string' ? found : '';
const why = typeof found === 'string' ? '' : ` (skipped: ${found.skip})`;

function policiesOf(page: string): readonly { readonly text: string; readonly heading: string }[] {
  return codeBlocks(readFileSync(join(root, page), 'utf8')).filter(({ language }) => language === 'rego');
}

describe.skipIf(opa === '')(`the pages' policies in a real OPA${why}`, () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'writ-docs-opa-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('why deny is the default: OPA passes the same tests, so the trap is the language', async () => {
    policiesOf('docs/explanation/why-deny-is-the-default.md').forEach(({ text }, index) => {
      writeFileSync(join(folder, `${index}.rego`), text);
    });
    expect(await runCommand(opa, ['test', folder])).toMatchObject({ status: 0 });
  });

  it.each(DIAGNOSTIC_CODES.filter((code) => code !== 'rego_unsupported_error'))(
    '%s: OPA gives the same code for the example, and accepts the mend',
    async (code) => {
      for (const { text, heading } of policiesOf(errorPagePath(code))) {
        const file = join(folder, 'policy.rego');
        writeFileSync(file, text);
        const { status, output } = await runCommand(opa, ['check', file]);
        if (heading === 'The mend') expect({ status, output }).toMatchObject({ status: 0 });
        else expect(output).toContain(code);
      }
    },
  );
});
