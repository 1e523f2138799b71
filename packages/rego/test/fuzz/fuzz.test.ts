import { expect, test } from 'vitest';
import { compilePolicy, fromJson, parseModule, parseQuery } from '../../src/index.ts';
import { fuzz } from './fuzz.ts';

test('what is not quite Rego is refused with words, or runs; `npm run soak -- fuzz` tries more of it', () => {
  const report = fuzz({ seed: 20_261_129, sources: 100, timeMsMax: Number.POSITIVE_INFINITY });
  expect(report.faults).toEqual([]);
  expect(report.evaluated).toBeGreaterThan(3);
});

const DEPTH = 5_000;

test.each([
  ['[', `p := ${'['.repeat(DEPTH)}`],
  ['[ ]', `p := ${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`],
  ['( )', `p := ${'('.repeat(DEPTH)}1${')'.repeat(DEPTH)}`],
  ['{"a": }', `p := ${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`],
  ['{ }', `p if ${'{x | '.repeat(DEPTH)}`],
  ['references', `p := x${'[x'.repeat(DEPTH)}${']'.repeat(DEPTH)}`],
  ['steps', `p := input${'.a'.repeat(DEPTH)}`],
  ['sums', `p := 1${' + 1'.repeat(DEPTH)}`],
  ['not', `p if ${'not '.repeat(DEPTH)}x`],
  ['every', `p if ${'every x in y { '.repeat(DEPTH)}`],
  ['else', `p if false${' else := 1 if false'.repeat(2_000)}`],
  ['templates', `p := ${'$"{'.repeat(DEPTH)}`],
  ['with', `p if x${' with input as 1'.repeat(2_000)}`],
  ['digits', `p := ${'9'.repeat(200_000)}`],
  ['an exponent', 'p := 1e999999999999'],
  ['a long string', `p := "${'\\u0000'.repeat(50_000)}"`],
  ['a long name', `${'p'.repeat(200_000)} := 1`],
  ['rules', 'p := 1\n'.repeat(5_000)],
])('nesting and length without end: %s', (_about, text) => {
  const source = `package t\n\n${text}\n`;
  const { policy, diagnostics } = compilePolicy([{ file: 'deep.rego', text: source }]);
  if (policy === undefined) expect(diagnostics.length).toBeGreaterThan(0);
  else expect(policy.prepare('t').evaluate({}).kind).toBeDefined();
  parseQuery(text.replace(/^p := /, ''), { file: 'query' });
});

test.each(['\ud800', '\u0000', '\ufeff', '\ufffe', '\u202e', '\udfff\ud83d', '\u2028'])(
  'odd characters everywhere: %j',
  (odd) => {
    for (const text of [
      `${odd}package t`,
      `package t${odd}`,
      `package t\np${odd} := 1`,
      `package t\np := "${odd}"`,
      `package t\np := \`${odd}\``,
      `package t\n# ${odd}\np := $"${odd}{1}"`,
      `package t\np := {"${odd}": [input["${odd}"]]}`,
    ]) {
      const { module, diagnostics } = parseModule(text, { file: 'odd.rego' });
      expect(module !== undefined || diagnostics.length > 0).toBe(true);
      const { policy } = compilePolicy([{ file: 'odd.rego', text }]);
      policy?.prepare('t').evaluate(fromJson('{}'));
    }
  },
);
