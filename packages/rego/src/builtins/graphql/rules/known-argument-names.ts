import { indexed } from '../lookup.ts';
import type { ArgumentDefinition, ArgumentNode, Position } from '../nodes.ts';
import { didYouMean } from '../suggest.ts';
import type { Rule } from '../walk.ts';

/** Arguments must be those of their field or directive. */
export const knownArgumentNames: Rule = (walk) => {
  const check = (
    args: readonly ArgumentNode[],
    known: readonly ArgumentDefinition[],
    owner: string,
    position: Position | undefined,
  ) => {
    for (const { Name: name } of args) {
      if (indexed(known, name) !== undefined) continue;
      const question = didYouMean(
        walk,
        name,
        known.map((definition) => definition.Name),
      );
      walk.report(`Unknown argument "${name}" on ${owner}.${question}`, position);
    }
  };
  return {
    field: (node) => {
      const parent = walk.parents.get(node);
      const definition = walk.fieldDefinitions.get(node);
      if (definition === undefined || parent === undefined) return;
      check(node.Arguments, definition.Arguments, `field "${parent.Name}.${node.Name}"`, node.Position);
    },
    directive: (node) => {
      const definition = walk.directiveFacts.get(node)?.definition;
      if (definition === undefined) return;
      check(node.Arguments, definition.Arguments, `directive "@${node.Name}"`, node.Position);
    },
  };
};
