import type { Rule } from '../walk.ts';

/** The schema must have a root type for each operation. */
export const knownRootType: Rule = (walk) => ({
  operation: (node) => {
    if (walk.rootOf(node) === undefined) {
      walk.report(`Schema does not support operation type "${node.Operation}"`, node.Position);
    }
  },
});
