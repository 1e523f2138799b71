import type { SelectionNode } from '../nodes.ts';
import type { Rule, Walk } from '../walk.ts';
import { isField, isInlineFragment } from '../walk.ts';

/** Lists of types inside one another from which on an answer may grow without bound. */
const LISTS_MAX = 3;
const LISTS: readonly string[] = ['fields', 'interfaces', 'possibleTypes', 'inputFields'];

function isTooDeep(walk: Walk, node: SelectionNode, lists: number, entered: Set<string>): boolean {
  walk.host.spend(1);
  const inside = (selections: readonly SelectionNode[], count: number) =>
    walk.nested(() => selections.some((child) => isTooDeep(walk, child, count, entered)));
  if (isField(node)) {
    const count = LISTS.includes(node.Name) ? lists + 1 : lists;
    return count >= LISTS_MAX || inside(node.SelectionSet, count);
  }
  if (isInlineFragment(node)) return inside(node.SelectionSet, lists);
  const fragment = walk.fragments.get(node);
  if (fragment === undefined || entered.has(node.Name)) return false;
  entered.add(node.Name);
  const found = inside(fragment.SelectionSet, lists);
  entered.delete(node.Name);
  return found;
}

/** Introspection must not go round in circles. */
export const maxIntrospectionDepth: Rule = (walk) => ({
  field: (node) => {
    if (node.Name !== '__schema' && node.Name !== '__type') return;
    if (isTooDeep(walk, node, 0, new Set())) {
      walk.report('Maximum introspection depth exceeded', node.Position);
    }
  },
});
