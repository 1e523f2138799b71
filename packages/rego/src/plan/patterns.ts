import type { CoreTerm } from '../analysis/core.ts';
import type { BlockBuilder } from './frame.ts';
import type { Pattern } from './plan.ts';
import { isBound, planTerm } from './terms.ts';

/**
 * Plans what takes a value apart: variables without a value get one, everything else is compared. References in it
 * are computed before.
 */
export function planPattern(block: BlockBuilder, term: CoreTerm): Pattern {
  if (term.kind === 'variable') {
    if (block.bound.has(term.variable)) return { op: 'check', value: planTerm(block, term) };
    if (term.variable.origin === 'wildcard') return { op: 'any' };
    block.bound.add(term.variable);
    return { op: 'bind', slot: block.slots.of(term.variable) };
  }
  if (term.kind === 'array' && !isBound(term, block.bound)) {
    return { op: 'array', items: term.items.map((item) => planPattern(block, item)) };
  }
  if (term.kind === 'object' && !isBound(term, block.bound)) {
    return {
      op: 'object',
      entries: term.entries.map(([key, value]) => [planTerm(block, key), planPattern(block, value)] as const),
    };
  }
  return { op: 'check', value: planTerm(block, term) };
}

/** Whether matching a value against the term needs no other variable than it binds itself. */
export function isPattern(block: BlockBuilder, term: CoreTerm): boolean {
  switch (term.kind) {
    case 'variable':
    case 'constant':
      return true;
    case 'array':
      return term.items.every((item) => isPattern(block, item));
    case 'object':
      return term.entries.every(([key, value]) => isComputable(block, key) && isPattern(block, value));
    default:
      return isComputable(block, term);
  }
}

/** Whether the term has a value now: variables known, references iterating at most over their own steps. */
export function isComputable(block: BlockBuilder, term: CoreTerm): boolean {
  switch (term.kind) {
    case 'constant':
    case 'comprehension':
      return true;
    case 'variable':
      return block.bound.has(term.variable);
    case 'ref':
      return typeof term.root !== 'object' || isComputable(block, term.root);
    case 'array':
    case 'set':
      return term.items.every((item) => isComputable(block, item));
    case 'object':
      return term.entries.every(([key, value]) => isComputable(block, key) && isComputable(block, value));
    case 'call':
      return false;
  }
}
