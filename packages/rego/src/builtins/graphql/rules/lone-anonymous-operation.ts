import type { Rule } from '../walk.ts';

/** An operation without a name must be the only one. */
export const loneAnonymousOperation: Rule = (walk) => ({
  operation: (node) => {
    if (node.Name !== '' || walk.document.Operations.length < 2) return;
    walk.report('This anonymous operation must be the only defined operation.', node.Position);
  },
});
