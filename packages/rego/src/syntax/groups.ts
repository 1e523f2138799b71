import type { Term } from './ast.ts';

/** UTF-16 offsets of a pair of parentheses, end exclusive. */
export interface Group {
  readonly start: number;
  readonly end: number;
}

/** Beside the tree and not in it: parentheses mean nothing once it is built, and only a formatter asks. */
const groups = new WeakMap<Term, Group>();

/** Notes that a term stands in parentheses; of several pairs the outermost, noted last, stays. */
export function noteGroup(term: Term, group: Group): void {
  groups.set(term, group);
}

/** The parentheses around a parsed term, where it has some. */
export function groupOf(term: Term): Group | undefined {
  return groups.get(term);
}
