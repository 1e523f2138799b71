import type { Value } from '../value/index.ts';
import { compare, equal, isObject, lookup, objectValues, RegoSet, typeName } from '../value/index.ts';
import type { BuiltinContext } from './builtin.ts';
import type { Definition, Family } from './define.ts';

function ordered(holds: (order: number) => boolean): Definition {
  return { call: (_context: BuiltinContext, a: Value, b: Value) => holds(compare(a, b)) };
}

/** Whether a collection holds a value; false for what is no collection. */
export function isMember(value: Value, collection: Value): boolean {
  if (collection instanceof RegoSet) return collection.has(value);
  if (Array.isArray(collection)) return collection.some((member) => equal(member, value));
  return isObject(collection) && objectValues(collection).some((member) => equal(member, value));
}

/** Whether a collection holds a value under a key; in a set an element is both. */
export function isMemberAt(key: Value, value: Value, collection: Value): boolean {
  const found = lookup(collection, key);
  return found !== undefined && equal(found, value);
}

/** Order and membership. Source: OPA's `topdown/comparison.go`, `aggregates.go`. */
export const COMPARISON: Family = {
  eq: (_context, a: Value, b: Value) => equal(a, b),
  equal: (_context, a: Value, b: Value) => equal(a, b),
  neq: (_context, a: Value, b: Value) => !equal(a, b),
  lt: ordered((order) => order < 0),
  lte: ordered((order) => order <= 0),
  gt: ordered((order) => order > 0),
  gte: ordered((order) => order >= 0),
  'internal.member_2': (_context, value: Value, collection: Value) => isMember(value, collection),
  'internal.member_3': (_context, key: Value, value: Value, collection: Value) =>
    isMemberAt(key, value, collection),
};

function isType(name: string): Definition {
  return { call: (_context: BuiltinContext, value: Value) => typeName(value) === name };
}

/** Types of values. Source: OPA's `topdown/type.go`, `type_name.go`. */
export const TYPES: Family = {
  type_name: (_context, value: Value) => typeName(value),
  is_null: isType('null'),
  is_boolean: isType('boolean'),
  is_number: isType('number'),
  is_string: isType('string'),
  is_array: isType('array'),
  is_object: isType('object'),
  is_set: isType('set'),
};
