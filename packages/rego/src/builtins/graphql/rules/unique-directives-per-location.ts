import type { Rule } from '../walk.ts';

/** A directive that is not repeatable stands once in a place. */
export const uniqueDirectivesPerLocation: Rule = (walk) => ({
  directives: (nodes) => {
    const seen = new Set<string>();
    for (const node of nodes) {
      const { Name: name, Position: position } = node;
      if (walk.directiveFacts.get(node)?.definition?.IsRepeatable !== true && seen.has(name)) {
        walk.report(`The directive "@${name}" can only be used once at this location.`, position);
      }
      seen.add(name);
    }
  },
});
