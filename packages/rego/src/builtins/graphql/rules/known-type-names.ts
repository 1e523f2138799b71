import { didYouMean } from '../suggest.ts';
import { typeName } from '../types.ts';
import type { Rule } from '../walk.ts';

/** Types of variables and fragments must exist. */
export const knownTypeNames: Rule = (walk) => {
  const { types } = walk.schema;
  return {
    variable: ({ Type: type, Position: position }) => {
      const name = typeName(type);
      if (!types.has(name)) walk.report(`Unknown type "${name}".`, position);
    },
    inlineFragment: ({ TypeCondition: name, Position: position }) => {
      if (name !== '' && !types.has(name)) walk.report(`Unknown type "${name}".`, position);
    },
    fragment: ({ TypeCondition: name, Position: position }) => {
      if (types.has(name)) return;
      walk.report(`Unknown type "${name}".${didYouMean(walk, name, [...types.keys()])}`, position);
    },
  };
};
