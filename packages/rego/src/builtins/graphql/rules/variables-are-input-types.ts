import { typeName, typeText } from '../types.ts';
import type { Rule } from '../walk.ts';

/** A variable's type must be one that can be given. */
export const variablesAreInputTypes: Rule = (walk) => ({
  operation: (node) => {
    for (const { Variable: name, Type: type, Position: position } of node.VariableDefinitions) {
      const kind = walk.schema.types.get(typeName(type))?.Kind;
      if (kind === undefined || kind === 'SCALAR' || kind === 'ENUM' || kind === 'INPUT_OBJECT') continue;
      walk.report(`Variable "$${name}" cannot be non-input type "${typeText(type)}".`, position);
    }
  },
});
