import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compilePolicy, runTests } from '@writ/rego';
import { describe, expect, it } from 'vitest';
import { codeBlocks } from '../../tools/reference/code-blocks.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const starter = 'packages/cli/templates/init/policy';

/** What somebody has who followed the tutorial to the letter. */
function followed(): { readonly policy: string; readonly tests: string } {
  const blocks = codeBlocks(read('docs/tutorials/first-policy.md')).filter(
    ({ language }) => language === 'rego',
  );
  const [table = '', limit = '', rule = '', tests = ''] = blocks.map(({ text }) => text);
  const policy = read(`${starter}/policy.rego`);
  const last = policy.lastIndexOf('else :=');
  expect(blocks.length).toBe(4);
  expect(last).toBeGreaterThan(0);
  const limited = `${policy.slice(0, last)}${limit}\n${policy.slice(last)}\n${rule}`;
  return {
    policy: limited.replace(/^tools := \{\n[\s\S]*?^\}\n/m, table),
    tests: `${read(`${starter}/policy_test.rego`)}\n${tests}`,
  };
}

it('README shows a part of the starter as it is', () => {
  const shown = codeBlocks(read('README.md')).filter(({ language }) => language === 'rego');
  expect(shown.length).toBeGreaterThan(0);
  for (const { text } of shown) expect(read(`${starter}/policy.rego`)).toContain(text);
});

describe('the tutorial of the first policy', () => {
  it('ends in a policy whose tests pass and reach every line', () => {
    const { policy: text, tests } = followed();
    const { policy, diagnostics } = compilePolicy([
      { file: 'policy.rego', text, version: 1 },
      { file: 'policy_test.rego', text: tests, version: 1 },
    ]);
    expect(diagnostics).toEqual([]);
    const report = policy === undefined ? undefined : runTests(policy, { coverage: true });
    expect(report?.results.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
    expect(report?.results.map(({ path }) => path)).toContain('data.main_test.test_refund_without_amount');
    expect(report?.coverage?.percent).toBe(100);
  });
});
