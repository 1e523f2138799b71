import type { TypeNode, ValueNode } from '../nodes.ts';
import { VALUE_KINDS } from '../nodes.ts';
import { typeText } from '../types.ts';
import type { Rule, Walk } from '../walk.ts';

function isCompatible(given: TypeNode, wanted: TypeNode, mayBeNull: boolean): boolean {
  if (given.NamedType !== wanted.NamedType) return false;
  if (given.Elem !== undefined) {
    if (wanted.Elem === undefined || !isCompatible(given.Elem, wanted.Elem, false)) return false;
  }
  return given.NonNull || mayBeNull || !wanted.NonNull;
}

function checkVariable(walk: Walk, node: ValueNode): void {
  const { expected, variable, hasDefault = false } = walk.factsOf(node);
  if (expected === undefined || variable === undefined || walk.operation === undefined) return;
  const { DefaultValue: preset, Type: type } = variable;
  const mayBeNull = hasDefault || (preset !== undefined && preset.Kind !== VALUE_KINDS.null);
  if (isCompatible(type, expected, mayBeNull)) return;
  walk.report(
    `Variable "$${node.Raw}" of type "${typeText(type)}" used in position expecting type "${typeText(expected)}".`,
    node.Position,
  );
}

function checkOneOf(walk: Walk, node: ValueNode): void {
  const { definition } = walk.factsOf(node);
  if (definition?.Directives.some(({ Name: name }) => name === 'oneOf') !== true) return;
  for (const { Value: value } of node.Children) {
    if (value.Kind !== VALUE_KINDS.variable) continue;
    const { variable } = walk.factsOf(value);
    if (variable === undefined || variable.Type.NonNull) continue;
    walk.report(
      `Variable "$${value.Raw}" is of type "${typeText(variable.Type)}" but must be non-nullable to be used for OneOf Input Object "${definition.Name}".`,
      variable.Position,
    );
  }
}

/** A variable's type must fit where it stands. */
export const variablesInAllowedPosition: Rule = (walk) => ({
  value: (node) => {
    if (node.Kind === VALUE_KINDS.variable) checkVariable(walk, node);
    else if (node.Kind === VALUE_KINDS.object) checkOneOf(walk, node);
  },
});
