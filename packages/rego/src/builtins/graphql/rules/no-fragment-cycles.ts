import type { FragmentNode, FragmentSpreadNode, SelectionNode } from '../nodes.ts';
import type { Rule } from '../walk.ts';
import { isField, isInlineFragment } from '../walk.ts';

/** The spreads in a selection; those deeper in come later, and of two neighbours the later one's first. */
function spreadsIn(selections: readonly SelectionNode[]): FragmentSpreadNode[] {
  const spreads: FragmentSpreadNode[] = [];
  const open = [selections];
  for (let set = open.pop(); set !== undefined; set = open.pop()) {
    for (const node of set) {
      if (isField(node) || isInlineFragment(node)) open.push(node.SelectionSet);
      else spreads.push(node);
    }
  }
  return spreads;
}

/** A fragment must not come to itself. */
export const noFragmentCycles: Rule = (walk) => {
  const visited = new Set<string>();
  const path: FragmentSpreadNode[] = [];
  const starts = new Map<string, number>();
  const visit = (fragment: FragmentNode): void => {
    if (visited.has(fragment.Name)) return;
    visited.add(fragment.Name);
    const spreads = spreadsIn(fragment.SelectionSet);
    if (spreads.length === 0) return;
    starts.set(fragment.Name, path.length);
    for (const spread of spreads) {
      walk.host.spend(1);
      const start = starts.get(spread.Name);
      if (start === undefined) {
        path.push(spread);
        const next = walk.fragmentNamed(spread.Name);
        if (next !== undefined) walk.nested(() => visit(next));
        path.pop();
        continue;
      }
      const names = path.slice(start).map(({ Name: name }) => `"${name}"`);
      walk.host.spend(names.length);
      const via = names.length > 0 ? ` via ${names.join(', ')}` : '';
      walk.report(`Cannot spread fragment "${spread.Name}" within itself${via}.`, spread.Position);
    }
    starts.delete(fragment.Name);
  };
  return { fragment: visit };
};
