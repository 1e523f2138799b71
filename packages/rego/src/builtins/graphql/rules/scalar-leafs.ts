import { typeName, typeText } from '../types.ts';
import type { Rule } from '../walk.ts';

/** Scalars and enumerations have nothing to select; everything else has. */
export const scalarLeafs: Rule = (walk) => ({
  field: (node) => {
    const definition = walk.fieldDefinitions.get(node);
    const type = definition && walk.schema.types.get(typeName(definition.Type));
    if (definition === undefined || type === undefined) return;
    const { Name: name, Position: position } = node;
    const isLeaf = type.Kind === 'SCALAR' || type.Kind === 'ENUM';
    const hasSelection = node.SelectionSet.length > 0;
    if (isLeaf && hasSelection) {
      walk.report(
        `Field "${name}" must not have a selection since type "${type.Name}" has no subfields.`,
        position,
      );
    }
    if (!isLeaf && !hasSelection) {
      walk.report(
        `Field "${name}" of type "${typeText(definition.Type)}" must have a selection of subfields. Did you mean "${name} { ... }"?`,
        position,
      );
    }
  },
});
