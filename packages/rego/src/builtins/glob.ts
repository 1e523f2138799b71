import type { Value } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { CompileCache } from './cache.ts';
import type { Family } from './define.ts';
import { elementFault, fault, typeFault } from './fault.ts';
import { compileGlob, GlobFault, quoteGlob } from './glob-pattern.ts';

const CACHED_PATTERNS_MAX = 256;

const patterns = new CompileCache(CACHED_PATTERNS_MAX, (source) => {
  const [pattern, ...delimiters] = JSON.parse(source) as [string, ...string[]];
  return compileGlob(pattern, delimiters);
});

function match(
  _context: BuiltinContext,
  pattern: string,
  delimiters: readonly Value[] | null,
  text: Value,
): BuiltinOutcome {
  for (const delimiter of delimiters ?? []) {
    if (typeof delimiter !== 'string') return elementFault(2, delimiters, delimiter, 'string');
    if (Array.from(delimiter).length !== 1) return elementFault(2, delimiters, delimiter, 'rune');
  }
  if (typeof text !== 'string') return typeFault(3, text, 'string');
  const given = delimiters?.length === 0 ? ['.'] : (delimiters ?? []);
  const compiled = patterns.get(JSON.stringify([pattern, ...given]));
  return compiled instanceof GlobFault
    ? fault(`glob: syntax error: ${compiled.message}`)
    : compiled.matches(text);
}

/** Globs. Source: OPA's `topdown/glob.go`. */
export const GLOB: Family = {
  'glob.match': { call: match, expected: [undefined, ['array', 'null']], checked: 2 },
  'glob.quote_meta': (_context, text: string) => quoteGlob(text),
};
