import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseModule, parseQuery, parseTerm } from '../../src/syntax/index.ts';
import { faultsOf } from './show.ts';

const faults = (text: string, version: 0 | 1 = 1): string[] => faultsOf(`package test\n${text}`, { version });

describe('what version 1 asks of rules, in the words of OPA', () => {
  test.each([
    ['p { x }', '2:1 `if` keyword is required before rule body'],
    ['f(x) { x }', '2:1 `if` keyword is required before function body'],
    ['p if a else := 1 { b }', '2:8 `if` keyword is required before rule body'],
    ['p["a"]', '2:1 `contains` keyword is required for partial set rules'],
    ['p.a.b', '2:1 rule must have value assignment and/or body declaration'],
    ['p', '2:1 var cannot be used for rule name'],
    ['contains if x', '2:1 contains keyword cannot be used for rule name'],
    ['every := 1', '2:1 every keyword cannot be used for rule name'],
    ['default if := 1', '2:9 if keyword cannot be used for rule name'],
  ])('%s', (text, fault) => {
    expect(faults(text)).toEqual([fault]);
  });

  test('a rule can lack two keywords', () => {
    expect(faults('p[x] { x := 1 }')).toEqual([
      '2:1 `if` keyword is required before rule body',
      '2:1 `contains` keyword is required for partial set rules',
    ]);
  });

  test('a version 0 module is held to it by `import rego.v1`', () => {
    expect(faults('import rego.v1\np { x }', 0)).toEqual(['3:1 `if` keyword is required before rule body']);
  });

  test('the mend is shown: `if` before the brace, `contains` before the member', () => {
    const text = 'package test\np[x] { x := 1 }';
    const { diagnostics } = parseModule(text, { file: 'x' });
    const mended = diagnostics
      .flatMap(({ replacement }) => replacement ?? [])
      .sort((a, b) => b.start - a.start)
      .reduce(
        (source, { start, end, text: part }) => source.slice(0, start) + part + source.slice(end),
        text,
      );
    expect(mended).toBe('package test\np contains x if { x := 1 }');
    expect(parseModule(mended, { file: 'x' }).diagnostics).toEqual([]);
  });
});

describe('refused statements, in the words of OPA', () => {
  test.each([
    ['default p', undefined],
    ['default p[x]', '2:1 illegal default rule (must have a value)'],
    ['default p := x', '2:1 illegal default rule (value cannot contain var)'],
    ['default p := [input.x]', '2:1 illegal default rule (value cannot contain ref)'],
    ['default f(x, x) := 1', '2:1 illegal default rule (arguments cannot be repeated x)'],
    ['default f(1) := 1', '2:1 illegal default rule (arguments cannot contain number)'],
    ['default', '2:1 unexpected default keyword'],
    ['p := ', '2:5 unexpected eof token'],
    ['p if', '2:4 unexpected eof token'],
    ['p if {', '2:6 unexpected eof token'],
    ['p if { a', '2:8 unexpected eof token: expected \\n or ; or }'],
    ['p if a else', '2:11 unexpected eof token: expected else value term or rule body'],
    ['p contains x if a else := 1', '2:19 else keyword cannot be used on multi-value rules'],
    ['p[x] := 1 if a else := 1', '2:16 else keyword cannot be used on rules with variables in head'],
    ['p if { a } else if { b } { c }', '2:26 expected else keyword'],
    ['1 == 2', '2:1 rule name conflicts with built-in function'],
    ['[1] := 2', '2:1 array cannot be used for rule name'],
    ['p := 1 with input as 2', '2:1 expressions using with keyword cannot be used for rule head'],
    ['not p', '2:1 negated expressions cannot be used for rule head'],
    ['some p', "2:1 'some' declarations cannot be used for rule head"],
    ['p := 1; q := 2', '2:1 multiple expressions cannot be used for rule head'],
    ['p+q := 1', '2:2 unexpected plus token'],
    ['q := "abc', '2:6 non-terminated string'],
    ['q = @', '2:5 illegal token'],
  ])('%s', (text, fault) => {
    if (fault === undefined)
      expect(parseModule(`package test\n${text}`, { file: 'x' }).diagnostics).toEqual([]);
    else expect(faults(text)[0]).toBe(fault);
  });

  test('a function without a value cannot take the name of a builtin', () => {
    const isBuiltin = (name: string): boolean => name === 'io.jwt.decode';
    expect(faultsOf('package a\nio.jwt.decode(1)', { isBuiltin })).toEqual([
      '2:1 rule name conflicts with built-in function',
    ]);
  });
});

describe('recovery', () => {
  test('one run shows the faults of several rules', () => {
    const text = 'p if {\n  a b\n}\n\nq := 1\n\nr := [1,\n  2\n\ns if )\nt if {\n  x\n}\nu := )\n';
    // The bracket of `r` stays open to the end of `u`'s line, so `t` is taken to be inside it.
    expect(faults(text)).toEqual([
      '3:5 unexpected identifier token: expected \\n or ; or }',
      '11:1 unexpected identifier token: expected "," or "]"',
      '15:6 unexpected ) token',
    ]);
  });

  test('a fault in the package line hides nothing behind it', () => {
    expect(faultsOf('package 1\np := )\nq := 1')).toEqual([
      '1:9 unexpected number token',
      '2:6 unexpected ) token',
    ]);
  });

  test('any error means no tree', () => {
    const { module } = parseModule('package a\np := 1\nq := )', { file: 'x' });
    expect(module).toBeUndefined();
  });
});

describe('operands of `and`, `or` and `not`', () => {
  test.each([
    ['p if a with input as 1 and b', '4:8 `with` modifier is not allowed on operand of `and`'],
    ['p if {} and b', '4:7 found empty body'],
    ['p if x; {1, 2} & s and b', '4:7 unexpected ; token'],
    ['p if a and {1, 2}', '4:12 operand of `and` cannot begin with `{` unless the braces hold a body'],
    ['p if a or print(1)', '4:11 operand of `or` cannot consist only of calls to `print`'],
    ['p if not {1: 2}', '4:10 `{...}` in an operand position must contain expression(s), got: object'],
    ['p if not {a | b}', '4:10 ambiguous `{ ... | ... }` operand'],
    ['p if not ()', '4:10 empty parenthesized group'],
    ['p if (a and b', '5:0 expected ) to close parenthesized group'],
    ['p if ({a; b}) and c', '4:6 `(...)` in an operand position cannot contain a body'],
  ])('%s', (text, message) => {
    const [first] = faultsOf(`package a\n\nimport rego.v2\n${text}\n`);
    expect(first?.slice(0, message.length)).toBe(message);
  });
});

describe('hostile text', () => {
  test.each([
    ['arrays', '['],
    ['sets', '{'],
    ['parentheses', '('],
    ['comprehensions', '[1 | '],
    ['references', 'a['],
    ['calls', 'f('],
    ['negation', '-'],
    ['templates', '$"{'],
    ['quantifiers', 'every x in [1] { '],
  ])('[P-POLICY-PARSE-BOUNDED] endless %s are refused, not a stack overflow', (_, opening) => {
    const text = `package a\np if ${opening.repeat(100_000)}`;
    expect(parseModule(text, { file: 'x' }).module).toBeUndefined();
  });

  test('a long chain of operators is refused before it makes a deep tree', () => {
    const faults = faultsOf(`package a\np := ${Array(5_000).fill('1').join(' + ')}`);
    expect(faults[0]).toContain('max parsing recursion depth exceeded');
  });

  test('nesting of 100 is fine', () => {
    const text = `package a\np := ${'['.repeat(100)}1${']'.repeat(100)}`;
    expect(parseModule(text, { file: 'x' }).diagnostics).toEqual([]);
  });

  const fragments = fc.constantFrom(
    ...'package a|import|rego.v1|future.keywords|p|default|:=|=|if|contains|{|}|[|]|(|)|,|;|:|.|in|some|every|not|with|as|else|input|"s"|`r`|$"t{|}"|1|-|+|*|/|%|&|==|!=|<|>|_|#|# METADATA|\n| |and|or|\\|"'.split(
      '|',
    ),
    '|',
    '\u{1f600}',
  );

  test('[P-POLICY-PARSE-TOTAL] any text gives a tree or an error, never both, and never throws', () => {
    fc.assert(
      fc.property(fc.array(fragments, { maxLength: 40 }), fc.constantFrom(0, 1, 2), (parts, version) => {
        const text = `package a\n${parts.join(' ')}`;
        const { module, diagnostics } = parseModule(text, { file: 'x', version: version as 0 | 1 | 2 });
        expect(module === undefined).toBe(diagnostics.length > 0);
        for (const { location } of diagnostics) {
          expect(location.row).toBeGreaterThanOrEqual(0);
          expect(location.column).toBeGreaterThanOrEqual(0);
          expect(location.start).toBeLessThanOrEqual(location.end);
          expect(location.end).toBeLessThanOrEqual(text.length + 1);
        }
        parseQuery(text, { file: 'x' });
        parseTerm(text, { file: 'x' });
      }),
      { numRuns: 500 },
    );
  });
});
