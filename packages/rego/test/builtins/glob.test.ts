import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileGlob, GlobFault } from '../../src/builtins/glob-pattern.ts';

/** Matches by trying everything: plain text, `?`, `*` and `**` only. */
function matchesNaively(pattern: string, text: string, delimiters: readonly string[]): boolean {
  if (pattern === '') return text === '';
  const isDelimiter = (character: string | undefined): boolean =>
    character !== undefined && delimiters.includes(character);
  if (pattern.startsWith('*')) {
    const isSuper = pattern.startsWith('**');
    const rest = pattern.slice(isSuper ? 2 : 1);
    for (let end = 0; ; end++) {
      if (matchesNaively(rest, text.slice(end), delimiters)) return true;
      if (end >= text.length || (!isSuper && isDelimiter(text[end]))) return false;
    }
  }
  const [character] = text;
  if (character === undefined) return false;
  const fits = pattern[0] === '?' ? !isDelimiter(character) : pattern[0] === character;
  return fits && matchesNaively(pattern.slice(1), text.slice(1), delimiters);
}

const texts = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 12 });
const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '*', '*', '?'), maxLength: 8 });
const lists = fc.constantFrom([], ['/'], ['.', '/'], ['a']);

test('a glob matches what its pattern says, in whichever way it is compiled', () => {
  fc.assert(
    fc.property(patterns, lists, fc.array(texts, { maxLength: 6 }), (pattern, delimiters, given) => {
      const glob = compileGlob(pattern, delimiters);
      if (glob instanceof GlobFault) throw new Error(glob.message);
      for (const text of [...given, pattern.replace(/[*?]/g, 'b'), pattern])
        expect(glob.matches(text), `${pattern} on ${text}`).toBe(matchesNaively(pattern, text, delimiters));
    }),
    { numRuns: 2000 },
  );
});

test('a pattern that reaches more sets of states than are kept still matches', () => {
  const glob = compileGlob(`**a${'?'.repeat(12)}`, ['/']);
  if (glob instanceof GlobFault) throw new Error(glob.message);
  for (let number = 0; number < 2000; number++) {
    const text = number.toString(2).replaceAll('0', 'b').replaceAll('1', 'a').padStart(16, 'b');
    expect(glob.matches(text)).toBe(text.at(-13) === 'a');
  }
});
