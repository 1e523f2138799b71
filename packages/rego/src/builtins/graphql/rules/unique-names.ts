import type { FragmentNode, OperationNode } from '../nodes.ts';
import { VALUE_KINDS } from '../nodes.ts';
import type { Rule, Walk } from '../walk.ts';

function once(walk: Walk, what: string): (node: OperationNode | FragmentNode) => void {
  const seen = new Set<string>();
  return ({ Name: name, Position: position }) => {
    if (seen.has(name)) walk.report(`There can be only one ${what} named "${name}".`, position);
    seen.add(name);
  };
}

/** Fragments differ in their names. */
export const uniqueFragmentNames: Rule = (walk) => ({ fragment: once(walk, 'fragment') });

/** Operations differ in their names. */
export const uniqueOperationNames: Rule = (walk) => ({ operation: once(walk, 'operation') });

/** A member of an input object is given once. */
export const uniqueInputFieldNames: Rule = (walk) => ({
  value: (node) => {
    if (node.Kind !== VALUE_KINDS.object) return;
    const seen = new Set<string>();
    for (const { Name: name, Position: position } of node.Children) {
      if (seen.has(name)) walk.report(`There can be only one input field named "${name}".`, position);
      seen.add(name);
    }
  },
});

/** A variable is defined once; a third time is not told again. */
export const uniqueVariableNames: Rule = (walk) => ({
  operation: (node) => {
    const seen = new Map<string, number>();
    for (const { Variable: name, Position: position } of node.VariableDefinitions) {
      const times = seen.get(name) ?? 0;
      if (times === 1) walk.report(`There can be only one variable named "$${name}".`, position);
      seen.set(name, times + 1);
    }
  },
});
