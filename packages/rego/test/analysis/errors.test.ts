import { expect, test } from 'vitest';
import { compilePolicy } from '../../src/index.ts';
import { BAD_MODULES } from '../support/bad-modules.ts';
import { errorsOf } from '../support/compile.ts';

test.each(BAD_MODULES)('[P-REGO-LOCATED-ERRORS] $about', ({ text, errors }) => {
  expect(errorsOf(text)).toEqual(errors);
});

test('an error leaves no policy', () => {
  expect(compilePolicy([{ file: 'a.rego', text: 'package a\n\np if x\n' }]).policy).toBeUndefined();
});

test('every error has its place in its own module', () => {
  const { diagnostics } = compilePolicy([
    { file: 'one.rego', text: 'package a\n\np if x\n' },
    { file: 'two.rego', text: 'package b\n\nq if true\n\nr if foo(1)\n' },
  ]);
  expect(diagnostics.map(({ location }) => `${location.file}:${location.row}:${location.column}`)).toEqual([
    'two.rego:5:6',
  ]);
});

test('a deprecated builtin is fine in version 0', () => {
  const text = 'package a\n\np { any([true]) }\n';
  expect(compilePolicy([{ file: 'a.rego', text, version: 0 }]).diagnostics).toEqual([]);
});

test('an unsafe variable comes with help', () => {
  const { diagnostics } = compilePolicy([{ file: 'a.rego', text: 'package a\n\np if not input.x[i]\n' }]);
  expect(diagnostics[0]?.help).toContain('some i in');
});
