import type { Rule } from '../walk.ts';

/** A fragment that is spread must exist. */
export const knownFragmentNames: Rule = (walk) => ({
  fragmentSpread: (node) => {
    if (walk.fragments.get(node) === undefined) {
      walk.report(`Unknown fragment "${node.Name}".`, node.Position);
    }
  },
});
