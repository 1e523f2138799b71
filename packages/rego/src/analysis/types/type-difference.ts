import { compare } from '../../value/index.ts';
import type { AnyType, ArrayType, FunctionType, MaybeType, ObjectType } from './type.ts';
import {
  argumentTexts,
  compositeText,
  functionText,
  propertyText,
  typeText,
  unionText,
} from './type-text.ts';

const LEFT_OUT = '...';
/** Above this width a type that the error is not about is shown by its outermost constructor. */
export const SHORT_MAX = 32;
const DEPTH_MAX = 8;
/** Above this width a line of details is written with what does not matter left out. */
export const LINE_MAX = 80;

type Pair = [left: string, right: string];

/** Characters as OPA counts them. */
export function width(text: string): number {
  return [...text].length;
}

/**
 * Two types with only what tells them apart (OPA's `sprintDiff`): parts that are equal are shown by their outermost
 * constructor or left out.
 */
export function typeDifference(a: MaybeType, b: MaybeType, depth = 0): Pair {
  if (depth >= DEPTH_MAX || a === undefined || b === undefined || typeText(a) === typeText(b)) {
    return [shortText(a), shortText(b)];
  }
  if (a.kind === 'set' && b.kind === 'set' && a.of !== undefined && b.of !== undefined) {
    const [left, right] = typeDifference(a.of, b.of, depth + 1);
    return [`set[${left}]`, `set[${right}]`];
  }
  if (a.kind === 'array' && b.kind === 'array') return arrayDifference(a, b, depth);
  if (a.kind === 'object' && b.kind === 'object') return objectDifference(a, b, depth);
  if (a.kind === 'any' && b.kind === 'any') return unionDifference(a, b);
  if (a.kind === 'function' && b.kind === 'function' && a.args.length === b.args.length) {
    return functionDifference(a, b, depth);
  }
  return [shortText(a), shortText(b)];
}

/** The type, by its outermost constructor alone where it is long. */
export function shortText(type: MaybeType): string {
  const full = typeText(type);
  return width(full) <= SHORT_MAX ? full : outlineText(type);
}

/** The outermost constructor alone. */
export function outlineText(type: MaybeType): string {
  return outline(type, 0);
}

/** The type down to a depth; below stands an ellipsis. */
function outline(type: MaybeType, depth: number): string {
  if (depth < 0) return typeText(type);
  const inner = (part: MaybeType): string => outline(part, depth - 1);
  const top = depth === 0;
  switch (type?.kind) {
    case 'set':
      return type.of === undefined ? 'set' : `set[${top ? LEFT_OUT : inner(type.of)}]`;
    case 'array': {
      const items = top && type.items.length > 0 ? [LEFT_OUT] : type.items.map(inner);
      return compositeText(
        'array',
        items,
        restText(type.rest, (rest) => (top ? LEFT_OUT : inner(rest))),
      );
    }
    case 'object': {
      const properties =
        top && type.properties.length > 0
          ? [LEFT_OUT]
          : type.properties.map(({ key, value }) => propertyText(key, inner(value)));
      const rest = restText(type.rest, ({ key, value }) =>
        top ? LEFT_OUT : `${inner(key)}: ${inner(value)}`,
      );
      return compositeText('object', properties, rest);
    }
    case 'any':
      if (type.members.length === 0) return 'any';
      return unionText(top ? [LEFT_OUT] : type.members.map(inner));
    case 'function': {
      if (!top) return functionText(argumentTexts(type, inner), inner(type.result));
      const args = type.args.length > 0 || type.variadic !== undefined ? [LEFT_OUT] : [];
      return functionText(args, type.result === undefined ? '???' : LEFT_OUT);
    }
    default:
      return typeText(type);
  }
}

function restText<T>(rest: T | undefined, text: (rest: T) => string): string {
  return rest === undefined ? '' : text(rest);
}

function arrayDifference(a: ArrayType, b: ArrayType, depth: number): Pair {
  if (a.items.length !== b.items.length || (a.rest === undefined) !== (b.rest === undefined)) {
    return [outline(a, 1), outline(b, 1)];
  }
  const items = a.items.map((item, index) => typeDifference(item, b.items[index], depth + 1));
  const rest: Pair = a.rest === undefined ? ['', ''] : typeDifference(a.rest, b.rest, depth + 1);
  return [
    compositeText(
      'array',
      items.map(([left]) => left),
      rest[0],
    ),
    compositeText(
      'array',
      items.map(([, right]) => right),
      rest[1],
    ),
  ];
}

function objectDifference(a: ObjectType, b: ObjectType, depth: number): Pair {
  const left: string[] = [];
  const right: string[] = [];
  let equal = false;
  for (let i = 0, j = 0; i < a.properties.length || j < b.properties.length; ) {
    const one = a.properties[i];
    const other = b.properties[j];
    const order = one === undefined ? 1 : other === undefined ? -1 : Math.sign(compare(one.key, other.key));
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
    if (order < 0) left.push(propertyText(one!.key, shortText(one!.value)));
    else if (order > 0) right.push(propertyText(other!.key, shortText(other!.value)));
    else if (typeText(one!.value) === typeText(other!.value)) equal = true;
    else {
      const [l, r] = typeDifference(one!.value, other!.value, depth + 1);
      left.push(propertyText(one!.key, l));
      right.push(propertyText(other!.key, r));
    }
  }
  if (equal) {
    left.push(LEFT_OUT);
    right.push(LEFT_OUT);
  }
  const [restLeft, restRight] = restDifference(a.rest, b.rest, depth);
  return [compositeText('object', left, restLeft), compositeText('object', right, restRight)];
}

function restDifference(a: ObjectType['rest'], b: ObjectType['rest'], depth: number): Pair {
  const short = (rest: ObjectType['rest']): string =>
    rest === undefined ? '' : `${shortText(rest.key)}: ${shortText(rest.value)}`;
  if (a === undefined || b === undefined) return [short(a), short(b)];
  const [keyLeft, keyRight] = typeDifference(a.key, b.key, depth + 1);
  const [valueLeft, valueRight] = typeDifference(a.value, b.value, depth + 1);
  return [`${keyLeft}: ${valueLeft}`, `${keyRight}: ${valueRight}`];
}

function unionDifference(a: AnyType, b: AnyType): Pair {
  const [inA, inB] = [a, b].map(({ members }) => new Set(members.map(typeText)));
  const left = a.members.filter((member) => !inB!.has(typeText(member))).map(shortText);
  const right = b.members.filter((member) => !inA!.has(typeText(member))).map(shortText);
  if (left.length < a.members.length) {
    left.push(LEFT_OUT);
    right.push(LEFT_OUT);
  }
  return [unionText(left), unionText(right)];
}

function functionDifference(a: FunctionType, b: FunctionType, depth: number): Pair {
  const args = a.args.map((argument, index) => typeDifference(argument, b.args[index], depth + 1));
  const result = typeDifference(a.result, b.result, depth + 1);
  return [
    functionText(
      args.map(([left]) => left),
      result[0],
    ),
    functionText(
      args.map(([, right]) => right),
      result[1],
    ),
  ];
}
