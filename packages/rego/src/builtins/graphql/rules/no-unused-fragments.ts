import type { Rule } from '../walk.ts';

/** An operation must come to each fragment. */
export const noUnusedFragments: Rule = (walk) => {
  const used = new Set<string>();
  let isPastOperations = false;
  return {
    fragmentSpread: ({ Name: name }) => {
      if (!isPastOperations) used.add(name);
    },
    fragment: ({ Name: name, Position: position }) => {
      isPastOperations = true;
      if (!used.has(name)) walk.report(`Fragment "${name}" is never used.`, position);
    },
  };
};
