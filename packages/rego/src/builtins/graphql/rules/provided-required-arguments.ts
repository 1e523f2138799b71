import type { ArgumentDefinition, ArgumentNode, Position } from '../nodes.ts';
import { typeText } from '../types.ts';
import type { Rule } from '../walk.ts';

/** Arguments that may not be null and have no default must be given. */
export const providedRequiredArguments: Rule = (walk) => {
  const check = (
    definitions: readonly ArgumentDefinition[],
    args: readonly ArgumentNode[],
    owner: string,
    position: Position | undefined,
  ) => {
    walk.host.spend(definitions.length + args.length);
    const given = new Set(args.map(({ Name: name }) => name));
    for (const { Name: name, Type: type, DefaultValue: preset } of definitions) {
      if (!type.NonNull || preset !== undefined || given.has(name)) continue;
      walk.report(
        `${owner} argument "${name}" of type "${typeText(type)}" is required, but it was not provided.`,
        position,
      );
    }
  };
  return {
    field: (node) => {
      const definition = walk.fieldDefinitions.get(node);
      if (definition === undefined) return;
      check(definition.Arguments, node.Arguments, `Field "${node.Name}"`, node.Position);
    },
    directive: (node) => {
      const definition = walk.directiveFacts.get(node)?.definition;
      if (definition === undefined) return;
      check(definition.Arguments, node.Arguments, `Directive "@${definition.Name}"`, node.Position);
    },
  };
};
