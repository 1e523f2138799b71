import type { Diagnostic, ModuleSource } from '@writ/rego';
import { type CheckOptions, diagnose } from './check-bundle.ts';

/** One mend may uncover the next error; a policy that is still not in order after so many stays as it is. */
const ROUNDS_MAX = 100;

/** Modules with all mends that can be made without a choice, and what is left to say about them. */
export interface Fixed {
  readonly sources: readonly ModuleSource[];
  readonly diagnostics: readonly Diagnostic[];
  /** How many mends were made. */
  readonly count: number;
}

/**
 * Makes the mends that diagnostics carry, round after round until none is left. They are safe: what they replace did
 * not compile, or (in strict mode) said nothing, so that no decision changes.
 */
export function applyFixes(given: readonly ModuleSource[], options: CheckOptions): Fixed {
  let sources = given;
  let count = 0;
  for (let round = 0; ; round++) {
    const diagnostics = diagnose(sources, options);
    const mends = diagnostics.filter(({ replacement }) => replacement !== undefined);
    if (mends.length === 0 || round === ROUNDS_MAX) return { sources, diagnostics, count };
    sources = sources.map((source) => {
      const own = mends.filter(({ location }) => location.file === source.file);
      const mended = mendText(source.text, own);
      count += mended.count;
      return own.length === 0 ? source : { ...source, text: mended.text };
    });
  }
}

/** Replaces from the end on; a mend that touches one made already waits for the next round. */
function mendText(text: string, diagnostics: readonly Diagnostic[]): { text: string; count: number } {
  const replacements = diagnostics
    .flatMap(({ replacement }) => (replacement === undefined ? [] : [replacement]))
    .sort((a, b) => b.start - a.start || b.end - a.end);
  let mended = text;
  let count = 0;
  let from = Number.POSITIVE_INFINITY;
  for (const { start, end, text: written } of replacements) {
    if (end > from || (end === from && start === end)) continue;
    mended = mended.slice(0, start) + written + mended.slice(end);
    from = start;
    count += 1;
  }
  return { text: mended, count };
}
