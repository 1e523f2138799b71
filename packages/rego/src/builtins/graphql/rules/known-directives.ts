import type { Rule } from '../walk.ts';

/** Directives must exist, and stand where they may. */
export const knownDirectives: Rule = (walk) => {
  const told = new Set<string>();
  return {
    directive: (node) => {
      const { Name: name, Position: position } = node;
      const { definition, location = '' } = walk.directiveFacts.get(node) ?? {};
      if (definition === undefined) {
        walk.report(`Unknown directive "@${name}".`, position);
        return;
      }
      if (definition.Locations.includes(location)) return;
      const key = `${name} ${position?.line} ${position?.column}`;
      if (told.has(key)) return;
      walk.report(`Directive "@${name}" may not be used on ${location}.`, position);
      told.add(key);
    },
  };
};
