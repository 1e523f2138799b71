import type { Definition, SelectionNode } from '../nodes.ts';
import type { Rule } from '../walk.ts';

/** A fragment must be able to hold for some object where it is spread. */
export const possibleFragmentSpreads: Rule = (walk) => {
  const { schema } = walk;
  const possibleNames = (type: Definition) => {
    const names = (schema.possible.get(type.Name) ?? []).map(({ Name: name }) => name);
    walk.host.spend(names.length);
    return names;
  };
  const check = (node: SelectionNode, fragment: string, subject: string) => {
    const parent = walk.parents.get(node);
    const type = schema.types.get(fragment);
    if (parent === undefined || type === undefined) return;
    const isAbstract = parent.Kind === 'INTERFACE' || parent.Kind === 'UNION';
    if (!isAbstract && parent.Kind !== 'OBJECT') return;
    if (type.Kind !== 'OBJECT' && type.Kind !== 'INTERFACE' && type.Kind !== 'UNION') return;
    const within = new Set(isAbstract ? possibleNames(parent) : [parent.Name]);
    if (possibleNames(type).some((name) => within.has(name))) return;
    walk.report(
      `${subject} cannot be spread here as objects of type "${parent.Name}" can never be of type "${fragment}".`,
      node.Position,
    );
  };
  return {
    inlineFragment: (node) => check(node, node.TypeCondition, 'Fragment'),
    fragmentSpread: (node) => {
      const fragment = walk.fragments.get(node);
      if (fragment !== undefined) check(node, fragment.TypeCondition, `Fragment "${node.Name}"`);
    },
  };
};
