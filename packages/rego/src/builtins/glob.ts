import type { Value } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import { CompileCache } from './cache.ts';
import type { Family } from './define.ts';
import { elementFault, fault, typeFault } from './fault.ts';
import type { GlobPattern } from './glob-pattern.ts';
import { compileGlob, GlobFault, quoteGlob } from './glob-pattern.ts';

const CACHED_PATTERNS_MAX = 256;
/** Lists of delimiters kept for one pattern. */
const DELIMITERS_MAX = 8;

/** A pattern as compiled for some delimiters. */
interface Compiled {
  readonly delimiters: readonly Value[] | null;
  readonly glob: GlobPattern | GlobFault;
}

/** What one pattern was compiled to; nearly always for one list of delimiters. */
const patterns = new CompileCache<Compiled[]>(CACHED_PATTERNS_MAX, () => []);

function sameDelimiters(a: readonly Value[] | null, b: readonly Value[] | null): boolean {
  if (a === null || b === null || a.length !== b.length) return a === b;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}

function compiled(
  pattern: string,
  delimiters: readonly Value[] | null,
): GlobPattern | GlobFault | BuiltinError {
  const known = patterns.get(pattern);
  for (const one of known) if (sameDelimiters(one.delimiters, delimiters)) return one.glob;
  for (const delimiter of delimiters ?? []) {
    if (typeof delimiter !== 'string') return elementFault(2, delimiters, delimiter, 'string');
    if (Array.from(delimiter).length !== 1) return elementFault(2, delimiters, delimiter, 'rune');
  }
  const given = delimiters?.length === 0 ? ['.'] : (delimiters ?? []);
  const glob = compileGlob(pattern, given as readonly string[]);
  if (known.length >= DELIMITERS_MAX) known.length = 0;
  // A copy: the list may be a caller's own, which changes it between evaluations.
  known.push({ delimiters: delimiters === null ? null : [...delimiters], glob });
  return glob;
}

function match(
  _context: BuiltinContext,
  pattern: string,
  delimiters: readonly Value[] | null,
  text: Value,
): BuiltinOutcome {
  const glob = compiled(pattern, delimiters);
  if (glob instanceof BuiltinError) return glob;
  if (typeof text !== 'string') return typeFault(3, text, 'string');
  return glob instanceof GlobFault ? fault(`glob: syntax error: ${glob.message}`) : glob.matches(text);
}

/** Globs. Source: OPA's `topdown/glob.go`. */
export const GLOB: Family = {
  'glob.match': { call: match, expected: [undefined, ['array', 'null']], checked: 2 },
  'glob.quote_meta': (_context, text: string) => quoteGlob(text),
};
