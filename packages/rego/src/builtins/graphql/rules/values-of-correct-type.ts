import { indexed } from '../lookup.ts';
import type { Definition, TypeNode, ValueNode } from '../nodes.ts';
import { VALUE_KINDS } from '../nodes.ts';
import { alternatives, didYouMean, nearest } from '../suggest.ts';
import { typeText } from '../types.ts';
import { valueText } from '../value-text.ts';
import type { Rule, Walk } from '../walk.ts';

const INT64_MAX = 2n ** 63n - 1n;
const INT32_MAX = 2n ** 31n - 1n;
const SCALARS: readonly string[] = ['Int', 'Float', 'String', 'Boolean', 'ID'];
const ENUM_QUESTION = 'Did you mean the enum value';

/** A value whose place is known. */
interface Placed {
  readonly walk: Walk;
  readonly node: ValueNode;
  readonly definition: Definition;
  readonly expected: TypeNode;
}

/** Scalars that a literal may stand for, by its kind. */
const LITERALS: Readonly<Record<number, readonly string[]>> = {
  [VALUE_KINDS.int]: ['Int', 'Float', 'ID'],
  [VALUE_KINDS.float]: ['Float'],
  [VALUE_KINDS.boolean]: ['Boolean'],
  [VALUE_KINDS.string]: ['String', 'ID'],
  [VALUE_KINDS.block]: ['String', 'ID'],
};

function isBeyond(digits: string, max: bigint): boolean {
  if (!/^[-+]?[0-9]+$/.test(digits)) return false;
  // Many digits are not worth a number of their own.
  if (digits.replace(/^[-+]?0*/, '').length > 20) return true;
  const whole = BigInt(digits.replace(/^\+/, ''));
  return whole > max || whole < -max - 1n;
}

/** Whether a literal on its own stands for no number or truth. */
function isUnreadable(node: ValueNode): boolean {
  if (node.Kind === VALUE_KINDS.int) return !/^[-+]?[0-9]+$/.test(node.Raw) || isBeyond(node.Raw, INT64_MAX);
  if (node.Kind === VALUE_KINDS.float) return !Number.isFinite(Number(node.Raw));
  return (
    node.Kind === VALUE_KINDS.boolean && !/^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(node.Raw)
  );
}

function shownValue({ walk, node }: Placed): string {
  const text = valueText(node);
  walk.host.spend(text.length);
  return text;
}

function wrongType(placed: Placed): string {
  const type = typeText(placed.expected);
  const text = shownValue(placed);
  switch (type) {
    case 'Int':
    case 'Int!':
      return isBeyond(placed.node.Raw, INT32_MAX)
        ? `Int cannot represent non 32-bit signed integer value: ${text}`
        : `Int cannot represent non-integer value: ${text}`;
    case 'String':
    case 'String!':
    case '[String]':
      return `String cannot represent a non string value: ${text}`;
    case 'Boolean':
    case 'Boolean!':
      return `Boolean cannot represent a non boolean value: ${text}`;
    case 'Float':
    case 'Float!':
      return `Float cannot represent non numeric value: ${text}`;
    case 'ID':
    case 'ID!':
      return `ID cannot represent a non-string and non-integer value: ${text}`;
    default:
      return placed.definition.Kind === 'ENUM'
        ? `Enum "${type}" cannot represent non-enum value: ${text}.`
        : `Expected value of type "${type}", found ${text}.`;
  }
}

function reportWrongType(placed: Placed): void {
  placed.walk.report(wrongType(placed), placed.node.Position);
}

function enumNames(definition: Definition): string[] {
  return definition.Kind === 'ENUM' ? definition.EnumValues.map((value) => value.Name) : [];
}

function checkLiteral(placed: Placed, scalars: readonly string[]): void {
  const { walk, node, definition, expected } = placed;
  const isText = node.Kind === VALUE_KINDS.string || node.Kind === VALUE_KINDS.block;
  if (isText && definition.Kind === 'ENUM') {
    const question = didYouMean(walk, node.Raw, enumNames(definition), ENUM_QUESTION);
    walk.report(
      `Enum "${typeText(expected)}" cannot represent non-enum value: ${shownValue(placed)}.${question}`,
      node.Position,
    );
  } else if (!scalars.includes(definition.Name)) reportWrongType(placed);
}

function checkEnum(placed: Placed): void {
  const { walk, node, definition, expected } = placed;
  const names = enumNames(definition);
  if (definition.Kind !== 'ENUM') {
    const near = nearest(walk, node.Raw, names);
    const question = near.length > 0 ? ` ${ENUM_QUESTION} ${alternatives(near)}?` : '';
    walk.report(`${wrongType(placed)}${question}`, node.Position);
  } else if (indexed(definition.EnumValues, node.Raw) === undefined) {
    walk.report(
      `Value "${node.Raw}" does not exist in "${typeText(expected)}" enum.${didYouMean(walk, node.Raw, names, ENUM_QUESTION)}`,
      node.Position,
    );
  }
}

function checkOneOf({ walk, node, definition }: Placed): void {
  const [only] = node.Children;
  if (only === undefined || node.Children.length !== 1) {
    walk.report(`OneOf Input Object "${definition.Name}" must specify exactly one key.`, node.Position);
  } else if (only.Value.Kind === VALUE_KINDS.null) {
    // The first field is named whichever is null, as in gqlparser.
    walk.report(
      `Field "${definition.Name}.${definition.Fields[0]?.Name ?? ''}" must be non-null.`,
      only.Value.Position,
    );
  }
}

function checkObject(placed: Placed): void {
  const { walk, node, definition } = placed;
  walk.host.spend(definition.Fields.length);
  const given = new Set(node.Children.map((child) => child.Name));
  for (const { Name: name, Type: type, DefaultValue: preset } of definition.Fields) {
    if (!type.NonNull || preset !== undefined || given.has(name)) continue;
    walk.report(
      `Field "${definition.Name}.${name}" of required type "${typeText(type)}" was not provided.`,
      node.Position,
    );
  }
  for (const directive of definition.Directives) {
    if (directive.Name === 'oneOf') checkOneOf(placed);
  }
  for (const { Name: name, Position: position } of node.Children) {
    if (indexed(definition.Fields, name) !== undefined) continue;
    const question = didYouMean(
      walk,
      name,
      definition.Fields.map((field) => field.Name),
    );
    walk.report(`Field "${name}" is not defined by type "${definition.Name}".${question}`, position);
  }
}

function checkPlaced(placed: Placed, isBroken: boolean): void {
  const { walk, node, definition, expected } = placed;
  if (node.Kind === VALUE_KINDS.null && expected.NonNull) {
    walk.report(`Expected value of type "${typeText(expected)}", found ${node.Raw}.`, node.Position);
  }
  if (definition.Kind === 'SCALAR' && !SCALARS.includes(definition.Name)) return;
  if (isBroken) reportWrongType(placed);
  const scalars = LITERALS[node.Kind];
  if (scalars !== undefined) checkLiteral(placed, scalars);
  else if (node.Kind === VALUE_KINDS.list) {
    if (expected.Elem === undefined) reportWrongType(placed);
  } else if (node.Kind === VALUE_KINDS.enum) checkEnum(placed);
  else if (node.Kind === VALUE_KINDS.object) checkObject(placed);
}

/** A value must be of the type its place asks for. */
export const valuesOfCorrectType: Rule = (walk) => {
  /** Values that hold a literal which cannot be read; what a value holds is told before it. */
  const broken = new Set<ValueNode>();
  const hasBroken = (node: ValueNode) => {
    if (node.Kind !== VALUE_KINDS.variable) {
      return isUnreadable(node) || node.Children.some((child) => broken.has(child.Value));
    }
    const preset = walk.factsOf(node).variable?.DefaultValue;
    return preset !== undefined && broken.has(preset);
  };
  return {
    value: (node) => {
      const isBroken = hasBroken(node);
      if (isBroken) broken.add(node);
      else broken.delete(node);
      const { definition, expected } = walk.factsOf(node);
      if (definition !== undefined && expected !== undefined) {
        checkPlaced({ walk, node, definition, expected }, isBroken);
      }
    },
  };
};
