import { describe, expect, it } from 'vitest';
import { policyNames } from '../../src/analysis/names.ts';
import { parseModule } from '../../src/syntax/index.ts';
import { finish } from '../../src/syntax/steps.ts';

function definedOf(...statements: readonly string[]): readonly string[] {
  const { module, diagnostics } = parseModule(`package a\n\n${statements.join('\n')}\n`, { file: 'a.rego' });
  if (module === undefined) throw new Error(JSON.stringify(diagnostics));
  return [...finish(policyNames([module])).defined].sort();
}

describe('documents that always have a value', () => {
  const rule = 'p := 2 if input.x';
  const fallback = 'default p := 1';

  it('are those with a default, before or after other rules', () => {
    expect(definedOf(fallback, rule)).toEqual(['a/p']);
    expect(definedOf(rule, fallback)).toEqual(['a/p']);
    expect(definedOf(fallback, rule, 'p := 3 if input.y')).toEqual(['a/p']);
  });

  it('are constants by themselves, and no others', () => {
    expect(definedOf('p := 1')).toEqual(['a/p']);
    expect(definedOf('p := 1', rule)).toEqual([]);
    expect(definedOf(rule)).toEqual([]);
  });
});
