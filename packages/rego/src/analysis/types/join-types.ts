import { compareTypes } from './compare-types.ts';
import type { AnyType, FunctionType, MaybeType, ObjectType, Type } from './type.ts';
import { functionType, objectType, setType, unwrap } from './type.ts';

/** Whether `type` is one of the members of a union, or the union is everything. */
export function unionContains(union: AnyType, type: Type): boolean {
  if (type.kind === 'function') return false;
  return union.members.length === 0 || union.members.some((member) => compareTypes(member, type) === 0);
}

/** Whether everything of `part` is of type `whole`, as far as OPA compares (`types.Contains`). */
export function containsType(whole: MaybeType, part: Type): boolean {
  return whole?.kind === 'any' ? unionContains(whole, part) : compareTypes(whole, part) === 0;
}

/** A type that holds the values of both; undefined where a function meets something else (OPA's `types.Or`). */
export function joinTypes(a: MaybeType, b: MaybeType): MaybeType {
  if (a === undefined || a === b) return b;
  if (b === undefined) return a;
  if (a.kind === 'function' || b.kind === 'function') {
    return a.kind === 'function' && b.kind === 'function' ? joinFunctions(a, b) : undefined;
  }
  if (a.kind === 'any') return b.kind === 'any' ? joinUnions(a, b) : extend(a, b);
  if (b.kind === 'any') return extend(b, a);
  const order = compareTypes(a, b);
  if (order === 0) return a;
  return { kind: 'any', members: order < 0 ? [a, b] : [b, a] };
}

function extend(union: AnyType, type: Type): AnyType {
  if (union.members.length === 0) return union;
  const place = union.members.findIndex((member) => compareTypes(member, type) >= 0);
  if (place < 0) return { kind: 'any', members: [...union.members, type] };
  if (compareTypes(union.members[place], type) === 0) return union;
  return { kind: 'any', members: union.members.toSpliced(place, 0, type) };
}

function joinUnions(a: AnyType, b: AnyType): AnyType {
  if (a.members.length === 0) return a;
  if (b.members.length === 0) return b;
  let joined = a;
  for (const member of b.members) joined = extend(joined, member);
  return joined;
}

/**
 * What functions have in common that take different arguments. OPA has no value for it there that still counts as a
 * function: another function takes its place, anything else leaves nothing.
 */
const NO_FUNCTION: FunctionType = Object.freeze(functionType([], undefined));

function joinFunctions(a: FunctionType, b: FunctionType): FunctionType {
  if (a === NO_FUNCTION) return b;
  if (b === NO_FUNCTION) return a;
  if (a.args.length !== b.args.length) return NO_FUNCTION;
  if ((a.variadic === undefined) !== (b.variadic === undefined)) return NO_FUNCTION;
  return functionType(
    a.args.map((argument, index) => joinTypes(argument, b.args[index])),
    joinTypes(a.result, b.result),
    joinTypes(a.variadic, b.variadic),
  );
}

/**
 * The type of one document that two rules define: sets and objects without known properties grow together, all else
 * is joined (OPA's `mergeTypes`).
 */
export function mergeTypes(left: MaybeType, right: MaybeType): MaybeType {
  if (left === undefined || left === right) return right;
  if (right === undefined) return left;
  const a = unwrap(left);
  const b = unwrap(right);
  if (a?.kind === 'object') {
    const merged = mergeObject(a, b);
    if (merged !== undefined) return merged;
  } else if (a?.kind === 'set' && b?.kind === 'set') return setType(joinTypes(a.of, b.of));
  else if (a?.kind === 'any' && b?.kind !== 'any') return mergeTypes(b, a);
  return joinTypes(a, b);
}

function mergeObject(a: ObjectType, b: MaybeType): MaybeType {
  if (a.properties.length > 0) return undefined;
  if (b?.kind === 'object' && b.properties.length === 0) {
    if (a.rest === undefined) return b;
    if (b.rest === undefined) return a;
    const key = joinTypes(a.rest.key, b.rest.key);
    return objectType([], { key, value: mergeTypes(a.rest.value, b.rest.value) });
  }
  if (b?.kind !== 'any' || a.rest === undefined) return undefined;
  const place = b.members.findIndex(
    (member) => member.kind === 'object' && member.properties.length === 0 && member.rest !== undefined,
  );
  if (place < 0) return undefined;
  const { rest } = b.members[place] as ObjectType;
  const grown = objectType([], {
    key: joinTypes(rest!.key, a.rest.key),
    value: joinTypes(rest!.value, a.rest.value),
  });
  return { kind: 'any', members: b.members.with(place, grown).toSorted(compareTypes) };
}
