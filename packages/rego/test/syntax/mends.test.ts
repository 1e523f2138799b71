import { describe, expect, test } from 'vitest';
import { type Diagnostic, parseModule } from '../../src/syntax/index.ts';
import { rulesOf } from './show.ts';

const diagnose = (text: string, version: 0 | 1 = 1): readonly Diagnostic[] =>
  parseModule(text, { file: 'policy.rego', version }).diagnostics;

/** The text after all mends that the diagnostics show, the last first. */
function mend(text: string): string {
  return diagnose(text)
    .flatMap(({ replacement }) => replacement ?? [])
    .sort((a, b) => b.start - a.start)
    .reduce((source, { start, end, text: part }) => source.slice(0, start) + part + source.slice(end), text);
}

describe('a body of several literals without braces', () => {
  const text = 'package a\nf(s) if s == 1; s in input.xs\ng := 2';

  test('is refused where OPA refuses it, and shown with braces', () => {
    const [diagnostic, ...others] = diagnose(text);
    expect(others).toEqual([]);
    expect(diagnostic).toMatchObject({
      code: 'rego_parse_error',
      message: 'unexpected ; token',
      location: { row: 2, column: 15 },
      cause: 'without braces a body is one literal; `;` separates the literals of a body in braces',
      help: 'write `if { s == 1; s in input.xs }`',
    });
    expect(mend(text)).toBe('package a\nf(s) if { s == 1; s in input.xs }\ng := 2');
  });

  test('after `else` too', () => {
    expect(mend('package a\np if x else := 1 if y; z')).toBe('package a\np if x else := 1 if { y; z }');
  });

  test('what cannot be read as a literal is refused without a mend', () => {
    const [diagnostic] = diagnose('package a\np if x; )');
    expect(diagnostic).toMatchObject({ message: 'unexpected ; token', location: { row: 2, column: 7 } });
    expect(diagnostic?.replacement).toBeUndefined();
  });
});

describe('`with` behind the closing brace of a rule', () => {
  const text = `package a
test_x if {
  some y
  a == y # first
  b == 2 with data.z as 1
} with input as {"k": 1,
  "l": 2}
q := 1`;

  test('is refused where OPA refuses it, and shown behind each literal', () => {
    const [diagnostic, ...others] = diagnose(text);
    expect(others).toEqual([]);
    expect(diagnostic).toMatchObject({
      code: 'rego_parse_error',
      message: 'unexpected with keyword',
      location: { row: 6, column: 3 },
      cause: '`with` belongs to a literal, and a body in braces is not one',
    });
    expect(diagnostic?.help).toBe('move `with input as {"k": 1, "l": 2}` behind each literal of the body');
    expect(rulesOf(mend(text).replace('package a\n', ''))).toEqual([
      'complete test_x = true if { some y; equal(a, y) with input as {"k": 1, "l": 2}; equal(b, 2) with data.z as 1 with input as {"k": 1, "l": 2} }',
      'complete q := 1',
    ]);
  });

  test('comments in the body stay', () => {
    expect(mend(text)).toContain('"l": 2} # first\n');
  });

  test('modifiers that cannot be read are refused without a mend', () => {
    const [diagnostic] = diagnose('package a\np if { x } with input');
    expect(diagnostic).toMatchObject({
      message: 'unexpected with keyword',
      location: { row: 2, column: 12 },
    });
    expect(diagnostic?.replacement).toBeUndefined();
  });

  test('in version 0 as well', () => {
    expect(diagnose('package a\np { x } with input as 1', 0)[0]?.replacement?.text).toBe(
      '{ x with input as 1 }',
    );
  });
});
