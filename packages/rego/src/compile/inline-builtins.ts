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

/** Operands of more units or members are left to the builtin, which counts the work that they make. */
const SMALL = code`1024`;

/** Both operands are short texts: then a builtin over texts is one operation of the language. */
function ofShortTexts(operation: (a: Code, b: Code) => Code): (args: readonly Code[], plain: Code) => Code {
  return (args, plain) => {
    const [a, b] = args as readonly [Code, Code];
    const areTexts = code`typeof ${a} === "string" && typeof ${b} === "string"`;
    return code`${areTexts} && ${a}.length <= ${SMALL} ? ${operation(a, b)} : ${plain}`;
  };
}

/** Builtins that are short for the operands that they nearly always have; for others the plain call stands. */
const SHORTCUTS: Readonly<Record<string, (args: readonly Code[], plain: Code) => Code>> = {
  count: ([value], plain) =>
    code`isArray(${value!}) && ${value!}.length <= ${SMALL} ? ${value!}.length : ${value!} instanceof RegoSet && ${value!}.size <= ${SMALL} ? ${value!}.size : ${plain}`,
  startswith: ofShortTexts((a, b) => code`${a}.startsWith(${b})`),
  endswith: ofShortTexts((a, b) => code`${a}.endsWith(${b})`),
  contains: ofShortTexts((a, b) => code`${a}.includes(${b})`),
};

/** A builtin's call, which may fail, with a shortcut in front of it where there is one. */
export function withShortcut(
  name: string,
  args: readonly Code[],
  nodes: readonly ValueNode[],
  plain: Code,
): Code {
  // Of a number as it is written no member can be read (`1.length`).
  if (nodes[0]?.op === 'constant' || !Object.hasOwn(SHORTCUTS, name)) return plain;
  return SHORTCUTS[name]!(args, plain);
}

/** A builtin's call as an expression that cannot fail; undefined where it has to be called in full. */
export function inlineBuiltin(
  name: string,
  args: readonly Code[],
  nodes: readonly ValueNode[],
  plain: (args: readonly Code[]) => Code,
): Code | undefined {
  return Object.hasOwn(INLINE, name) ? INLINE[name]!(args, nodes, plain) : undefined;
}
