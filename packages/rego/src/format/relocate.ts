import type { FormatExpression, FormatTerm } from './nodes.ts';
import type { Place } from './place.ts';

/** Gives a node and all that it holds one place; changes them in place. */
export function relocate<T extends FormatTerm | FormatExpression>(node: T, place: Place): T {
  visitNodes(node, (each) => {
    each.place = place;
  });
  return node;
}

interface Placed {
  place: Place;
  readonly kind?: string;
}

/** Visits a node and every node in it that has a place, but for the names of rules. */
export function visitNodes(node: unknown, visit: (node: Placed) => void): void {
  if (Array.isArray(node)) {
    for (const each of node) visitNodes(each, visit);
  } else if (typeof node === 'object' && node !== null && !('isMadeUp' in node)) {
    if ('place' in node) visit(node as Placed);
    for (const [name, member] of Object.entries(node))
      if (name !== 'place' && name !== 'ref') visitNodes(member, visit);
  }
}
