import { indexed } from '../lookup.ts';
import type { Definition } from '../nodes.ts';
import { didYouMean, quotedAlternatives } from '../suggest.ts';
import type { Rule, Walk } from '../walk.ts';

/** Types below an abstract one that have the field, and interfaces of those: what most of them share first. */
function typesWithField(walk: Walk, parent: Definition, name: string): string[] {
  const uses = new Map<string, number>();
  const objects: string[] = [];
  for (const { Name: possible } of walk.schema.possible.get(parent.Name) ?? []) {
    walk.host.spend(1);
    const type = walk.schema.types.get(possible);
    if (type === undefined || indexed(type.Fields, name) === undefined) continue;
    objects.push(type.Name);
    for (const implemented of type.Interfaces) {
      walk.host.spend(1);
      const fields = walk.schema.types.get(implemented)?.Fields ?? [];
      if (indexed(fields, name) !== undefined) uses.set(implemented, (uses.get(implemented) ?? 0) + 1);
    }
  }
  const count = (type: string) => uses.get(type) ?? 0;
  return [...uses.keys(), ...objects].sort((a, b) => count(b) - count(a) || (a < b ? -1 : a > b ? 1 : 0));
}

function suggestion(walk: Walk, parent: Definition, name: string): string {
  const isAbstract = parent.Kind === 'INTERFACE' || parent.Kind === 'UNION';
  const types = isAbstract ? typesWithField(walk, parent, name) : [];
  if (types.length > 0) return ` Did you mean to use an inline fragment on ${quotedAlternatives(types)}?`;
  if (parent.Kind !== 'OBJECT' && parent.Kind !== 'INTERFACE') return '';
  return didYouMean(
    walk,
    name,
    parent.Fields.map((field) => field.Name),
  );
}

/** A field must be one of its parent's. */
export const fieldsOnCorrectType: Rule = (walk) => ({
  field: (node) => {
    const parent = walk.parents.get(node);
    if (parent === undefined || walk.fieldDefinitions.get(node) !== undefined) return;
    walk.report(
      `Cannot query field "${node.Name}" on type "${parent.Name}".${suggestion(walk, parent, node.Name)}`,
      node.Position,
    );
  },
});
