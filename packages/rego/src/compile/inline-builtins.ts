import type { ValueNode } from '../plan/plan.ts';
import type { Code } from './code.ts';
import { code } from './code.ts';

/** Gives the expression for a call over names and constants, or nothing where the plain call is as good. */
type Inline = (
  args: readonly Code[],
  nodes: readonly ValueNode[],
  plain: (args: readonly Code[]) => Code,
) => Code | undefined;

/** Whether a node is a constant that JavaScript's `===` compares as Rego does. */
function isPrimitive(node: ValueNode | undefined): boolean {
  return node?.op === 'constant' && (node.value === null || typeof node.value !== 'object');
}

/** Whether two values are one. */
export function equality(args: readonly Code[], nodes: readonly (ValueNode | undefined)[]): Code {
  const [a, b] = args as readonly [Code, Code];
  if (!isPrimitive(nodes[0]) && !isPrimitive(nodes[1])) return code`equal(${a}, ${b})`;
  // A number may be there with its text beside it.
  if (isNumberConstant(nodes[0]))
    return code`(${b} === ${a} || (typeof ${b} === "object" && equal(${a}, ${b})))`;
  if (isNumberConstant(nodes[1]))
    return code`(${a} === ${b} || (typeof ${a} === "object" && equal(${a}, ${b})))`;
  return code`${a} === ${b}`;
}

function isNumberConstant(node: ValueNode | undefined): boolean {
  return node?.op === 'constant' && typeof node.value === 'number';
}

/** Doubles stand in the order of the numbers that they are; everything else is left to the builtin. */
function order(compare: (a: Code, b: Code) => Code): Inline {
  return (args, nodes, plain) => {
    const [a, b] = args as readonly [Code, Code];
    const constants = nodes.filter((node) => node.op === 'constant');
    if (constants.length === 2 || constants.some(({ value }) => typeof value !== 'number')) return undefined;
    const [first, second] = args.filter((_arg, index) => nodes[index]!.op !== 'constant');
    const numbers =
      second === undefined
        ? code`typeof ${first!} === "number"`
        : code`typeof ${first!} === "number" && typeof ${second} === "number"`;
    return code`(${numbers} ? ${compare(a, b)} : ${plain(args)})`;
  };
}

function typeTest(test: (value: Code) => Code): Inline {
  return ([value]) => test(value!);
}

/** Builtins whose call costs more than what they do, and that never fail. */
const INLINE: Readonly<Record<string, Inline>> = {
  equal: (args, nodes) => equality(args, nodes),
  eq: (args, nodes) => equality(args, nodes),
  neq: (args, nodes) => code`!(${equality(args, nodes)})`,
  lt: order((a, b) => code`${a} < ${b}`),
  lte: order((a, b) => code`${a} <= ${b}`),
  gt: order((a, b) => code`${a} > ${b}`),
  gte: order((a, b) => code`${a} >= ${b}`),
  'internal.member_2': ([value, collection]) => code`holds(${collection!}, ${value!})`,
  is_null: typeTest((value) => code`${value} === null`),
  is_boolean: typeTest((value) => code`typeof ${value} === "boolean"`),
  is_number: typeTest((value) => code`(typeof ${value} === "number" || isNumber(${value}))`),
  is_string: typeTest((value) => code`typeof ${value} === "string"`),
  is_array: typeTest((value) => code`isArray(${value})`),
  is_object: typeTest((value) => code`isObject(${value})`),
  is_set: typeTest((value) => code`${value} instanceof RegoSet`),
};

/** A builtin's call as an expression that cannot fail; undefined where it has to be called in full. */
export function inlineBuiltin(
  name: string,
  args: readonly Code[],
  nodes: readonly ValueNode[],
  plain: (args: readonly Code[]) => Code,
): Code | undefined {
  return Object.hasOwn(INLINE, name) ? INLINE[name]!(args, nodes, plain) : undefined;
}
