import { quote } from '../../../value/index.ts';
import type { FieldNode, FragmentNode, SelectionNode } from '../nodes.ts';
import type { Rule, Walk } from '../walk.ts';
import { isField, isInlineFragment } from '../walk.ts';

/** The fields at the top, one of each name. */
function topFields(walk: Walk, selections: readonly SelectionNode[]): FieldNode[] {
  const fields = new Map<string, FieldNode>();
  const entered = new Set<FragmentNode>();
  const visit = (set: readonly SelectionNode[]): void => {
    for (const node of set) {
      walk.host.spend(1);
      if (isField(node)) {
        if (!fields.has(node.Name)) fields.set(node.Name, node);
      } else if (isInlineFragment(node)) walk.nested(() => visit(node.SelectionSet));
      else {
        const fragment = walk.fragments.get(node);
        if (fragment === undefined) return;
        if (entered.has(fragment)) continue;
        entered.add(fragment);
        walk.nested(() => visit(fragment.SelectionSet));
      }
    }
  };
  visit(selections);
  return [...fields.values()];
}

/** A subscription asks for one field, and none of introspection. */
export const singleFieldSubscriptions: Rule = (walk) => ({
  operation: (node) => {
    if (node.Operation !== 'subscription' || walk.rootOf(node) === undefined) return;
    const fields = topFields(walk, node.SelectionSet);
    const name = node.Name === '' ? 'Anonymous Subscription' : `Subscription ${quote(node.Name)}`;
    const [, second] = fields;
    if (second !== undefined) {
      walk.report(`${name} must select only one top level field.`, second.Position);
    }
    for (const field of fields) {
      if (!field.Name.startsWith('__')) continue;
      walk.report(`${name} must not select an introspection top level field.`, field.Position);
    }
  },
});
