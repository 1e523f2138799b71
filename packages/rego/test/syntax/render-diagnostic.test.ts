import { expect, test } from 'vitest';
import { type Diagnostic, parseModule, renderDiagnostic } from '../../src/syntax/index.ts';

const first = (text: string): Diagnostic => parseModule(text, { file: 'policy.rego' }).diagnostics[0]!;

test('shows code, place, line, mark, cause and help', () => {
  const text = 'package a\n\nf(s) if s == 1; s in input.xs\n';
  expect(renderDiagnostic(first(text), text)).toBe(
    [
      'error[rego_parse_error]: unexpected ; token',
      ' --> policy.rego:3:15',
      '  |',
      '3 | f(s) if s == 1; s in input.xs',
      '  |               ^',
      '  = cause: without braces a body is one literal; `;` separates the literals of a body in braces',
      '  = help: write `if { s == 1; s in input.xs }`',
    ].join('\n'),
  );
});

test('marks the whole span', () => {
  const text = 'package a\np {\n  x\n}';
  expect(renderDiagnostic(first(text), text).split('\n').slice(2, 5)).toEqual(['  |', '2 | p {', '  | ^^^']);
});

test('the mark stands under its character, tabs and characters beyond the basic plane before it', () => {
  const text = 'package a\n\tp := ["😀", )]';
  const lines = renderDiagnostic(first(text), text).split('\n');
  expect([...lines[3]!].indexOf(')')).toBe([...lines[4]!].indexOf('^'));
});

test('the gutter is as wide as the row number', () => {
  const text = `package a\n${'\n'.repeat(98)}p := )`;
  expect(renderDiagnostic(first(text), text).split('\n').slice(1, 5)).toEqual([
    '   --> policy.rego:100:6',
    '    |',
    '100 | p := )',
    '    |      ^',
  ]);
});

test('the end of the text can be marked', () => {
  const text = 'package a\np := ';
  expect(renderDiagnostic(first(text), text).split('\n').slice(3)).toEqual(['2 | p :=', '  |      ^']);
});

test('an empty text has no line to show', () => {
  expect(renderDiagnostic(first(''), '')).toBe('error[rego_parse_error]: empty module\n --> policy.rego:0:0');
});

test('help of several lines is indented', () => {
  const text = 'package a\np := )';
  const rendered = renderDiagnostic({ ...first(text), help: 'one\ntwo' }, text);
  expect(rendered).toContain('\n  = help: one\n    two');
});

test('colours only where asked', () => {
  const text = 'package a\np := )';
  expect(renderDiagnostic(first(text), text)).not.toContain('\u001b');
  expect(renderDiagnostic(first(text), text, { color: true })).toContain(
    '\u001b[1;31merror[rego_parse_error]\u001b[0m',
  );
});
