import type { SelectionNode } from '../nodes.ts';
import type { Rule } from '../walk.ts';
import type { Conflict } from './merging.ts';
import { Merging } from './merging.ts';

function reasonText({ reason }: Conflict): string {
  if (typeof reason === 'string') return reason;
  return reason
    .map((inner) => `subfields "${inner.responseName}" conflict because ${reasonText(inner)}`)
    .join(' and ');
}

/** Fields of one name in the answer must ask for the same. */
export const overlappingFieldsCanBeMerged: Rule = (walk) => {
  const merging = new Merging(walk);
  const check = ({ SelectionSet: selections }: { readonly SelectionSet: readonly SelectionNode[] }) => {
    for (const conflict of merging.conflictsWithin(selections)) {
      walk.report(
        `Fields "${conflict.responseName}" conflict because ${reasonText(conflict)}. Use different aliases on the fields to fetch both if this was intentional.`,
        conflict.position,
      );
    }
  };
  return {
    operation: check,
    field: (node) => {
      if (walk.operation !== undefined) check(node);
    },
    inlineFragment: check,
    fragment: check,
  };
};
