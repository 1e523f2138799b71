import type { Value } from '../../value/index.ts';
import {
  compare,
  isInteger,
  isNumber,
  isObject,
  numberText,
  objectEntries,
  RegoSet,
} from '../../value/index.ts';
import { compareTypes } from './compare-types.ts';
import { containsType, joinTypes, unionContains } from './join-types.ts';
import type { ArrayType, FunctionType, MaybeType, ObjectType, Type } from './type.ts';
import { arrayType, BOOLEAN, NULL, NUMBER, objectType, STRING, unwrap } from './type.ts';

const INT64_MAX = 2n ** 63n - 1n;

/** The type of a value as JSON: sets count as arrays. */
export function typeOfValue(value: Value): Type {
  if (value === null) return NULL;
  if (typeof value === 'boolean') return BOOLEAN;
  if (typeof value === 'string') return STRING;
  if (isNumber(value)) return NUMBER;
  if (Array.isArray(value)) return arrayType(value.map(typeOfValue));
  if (value instanceof RegoSet) return arrayType(value.sorted().map(typeOfValue));
  if (!isObject(value)) return NULL;
  return objectType(objectEntries(value).map(([key, member]) => ({ key, value: typeOfValue(member) })));
}

/** The type of an array's item; undefined where it has none. */
export function itemType(array: ArrayType, position: number): MaybeType {
  return position < array.items.length ? array.items[position] : array.rest;
}

/** The type of what stands at a key that is known; undefined where nothing can (OPA's `types.Select`). */
export function selectType(from: MaybeType, key: Value): MaybeType {
  const type = unwrap(from);
  switch (type?.kind) {
    case 'array': {
      // A position is an integer of 64 bits.
      if (!isNumber(key) || !isInteger(key) || !/^\d{1,19}$/.test(numberText(key))) return undefined;
      return BigInt(numberText(key)) > INT64_MAX ? undefined : itemType(type, Number(numberText(key)));
    }
    case 'object':
      return selectProperty(type, key);
    case 'set': {
      const own = typeOfValue(key);
      if (compareTypes(type.of, own) === 0) return type.of;
      return type.of?.kind === 'any' && unionContains(type.of, own) ? own : undefined;
    }
    case 'any': {
      if (type.members.length === 0) return type;
      let found: MaybeType;
      for (const member of type.members) found = joinTypes(selectType(member, key), found);
      return found;
    }
    default:
      return undefined;
  }
}

/** As {@link selectType}, from an object. */
export function selectProperty({ properties, rest }: ObjectType, key: Value): MaybeType {
  let low = 0;
  let high = properties.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = compare(properties[middle]!.key, key);
    if (order === 0) return properties[middle]!.value;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return rest !== undefined && containsType(rest.key, typeOfValue(key)) ? rest.value : undefined;
}

/** The type of the keys that can be enumerated; undefined where there are none. */
export function keyType(of: MaybeType): MaybeType {
  const type = unwrap(of);
  switch (type?.kind) {
    case 'array':
      return NUMBER;
    case 'object': {
      let found: MaybeType;
      for (const { key } of type.properties) found = joinTypes(found, typeOfValue(key));
      return type.rest === undefined ? found : joinTypes(found, type.rest.key);
    }
    case 'set':
      return type.of;
    case 'any':
      return joinOver(type.members, type, keyType);
    default:
      return undefined;
  }
}

/** The type of the values that can be enumerated; undefined where there are none. */
export function valueType(of: MaybeType): MaybeType {
  const type = unwrap(of);
  switch (type?.kind) {
    case 'array': {
      let found: MaybeType;
      for (const item of type.items) found = joinTypes(found, item);
      return joinTypes(found, type.rest);
    }
    case 'object': {
      let found: MaybeType;
      for (const { value } of type.properties) found = joinTypes(found, value);
      return type.rest === undefined ? found : joinTypes(found, type.rest.value);
    }
    case 'set':
      return type.of;
    case 'any':
      return joinOver(type.members, type, valueType);
    default:
      return undefined;
  }
}

function joinOver(members: readonly Type[], any: Type, part: (type: Type) => MaybeType): MaybeType {
  if (members.length === 0) return any;
  let found: MaybeType;
  for (const member of members) found = joinTypes(part(member), found);
  return found;
}

/** Whether a part of the type is not known (OPA's `types.Nil`). */
export function isUnknown(type: MaybeType, before?: Set<Type>): boolean {
  const plain = unwrap(type);
  if (plain === undefined) return true;
  switch (plain.kind) {
    case 'function':
      return isUnknownFunction(plain, before);
    case 'array': {
      const seen = before ?? new Set();
      if (seen.has(plain)) return false;
      seen.add(plain);
      return (
        plain.items.some((item) => isUnknown(item, seen)) ||
        (plain.rest !== undefined && isUnknown(plain.rest, seen))
      );
    }
    case 'object': {
      const seen = before ?? new Set();
      if (seen.has(plain)) return false;
      seen.add(plain);
      if (plain.properties.some(({ value }) => isUnknown(value, seen))) return true;
      return (
        plain.rest !== undefined && (isUnknown(plain.rest.key, seen) || isUnknown(plain.rest.value, seen))
      );
    }
    case 'set':
      return isUnknown(plain.of, before);
    default:
      return false;
  }
}

function isUnknownFunction(type: FunctionType, before?: Set<Type>): boolean {
  return type.args.some((argument) => isUnknown(argument, before)) || isUnknown(type.result, before);
}
