import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compilePolicy, runTests } from '@writ/rego';
import { describe, expect, it } from 'vitest';
import { codeBlocks } from '../../tools/reference/code-blocks.ts';

const page = readFileSync(
  join(import.meta.dirname, '../../docs/explanation/why-deny-is-the-default.md'),
  'utf8',
);
const policies = codeBlocks(page).filter(({ language }) => language === 'rego');
const headings = [...new Set(policies.map(({ heading }) => heading))];

describe('why deny is the default', () => {
  it('has policies', () => {
    expect(headings.length).toBeGreaterThan(3);
  });

  it.each(headings)('%s: its policies pass their own tests', (heading) => {
    const modules = policies
      .filter((block) => block.heading === heading)
      .map(({ text }, index) => ({ file: `${index}.rego`, text, version: 1 as const }));
    const { policy, diagnostics } = compilePolicy(modules);
    expect(diagnostics).toEqual([]);
    const report = policy === undefined ? undefined : runTests(policy);
    expect(report?.results.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
    expect(report?.passed).toBeGreaterThan(0);
  });
});
