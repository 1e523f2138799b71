import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compilePolicy, EVALUATION_ERROR_CODES, fromJson } from '@writ/rego';
import { describe, expect, it } from 'vitest';
import { codeBlocks } from '../reference/code-blocks.ts';
import { errorPagePath } from '../reference/error-pages.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/**
 * A fault of ours has no example: one that is known is mended. A suspension is no end, and needs a host to show. Only
 * queries can replace all data.
 */
const WITHOUT_EXAMPLE: readonly string[] = ['eval_internal_error', 'eval_suspended', 'eval_with_merge_error'];
const WITH_EXAMPLE = EVALUATION_ERROR_CODES.filter((code) => !WITHOUT_EXAMPLE.includes(code));

function evaluate(text: string, input: string | undefined): string {
  const { policy, diagnostics } = compilePolicy([{ file: 'policy.rego', text }]);
  if (policy === undefined) return diagnostics.map(({ code, message }) => `${code}: ${message}`).join('\n');
  const result = policy.prepare('agent/allow').evaluate(input === undefined ? undefined : fromJson(input), {
    strict: true,
    operationsMax: 1_000_000,
  });
  return result.kind === 'error' ? `${result.code}: ${result.message}` : result.kind;
}

describe.each(WITH_EXAMPLE)('the page of %s', (code) => {
  const blocks = codeBlocks(read(errorPagePath(code)));
  const find = (heading: string, language: string): string | undefined =>
    blocks.find((block) => block.heading === heading && block.language === language)?.text;
  const input = find('An example', 'json');

  it('has an example that ends with it', () => {
    const shown = find('An example', 'text')?.trim();
    expect(shown).toMatch(new RegExp(`^${code}: `));
    expect(evaluate(find('An example', 'rego') ?? '', input)).toBe(shown);
  });

  it('has a mend that answers', () => {
    expect(['value', 'undefined']).toContain(evaluate(find('The mend', 'rego') ?? '', input));
  });
});

it('the list of pages names every code', () => {
  const list = read('docs/errors/README.md');
  expect(EVALUATION_ERROR_CODES.filter((code) => !list.includes(`(${code}.md)`))).toEqual([]);
});
