import { compare } from '../../value/index.ts';
import type { AnyType, ArrayType, FunctionType, MaybeType, ObjectType, SetType } from './type.ts';
import { unwrap } from './type.ts';

const RANK = {
  null: 0,
  boolean: 1,
  number: 2,
  string: 3,
  array: 4,
  object: 5,
  set: 6,
  any: 7,
  function: 8,
  recursive: 9,
} as const;

/** The total order of types (OPA's `types.Compare`): negative, zero or positive. */
export function compareTypes(left: MaybeType, right: MaybeType): number {
  const a = unwrap(left);
  const b = unwrap(right);
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  if (a.kind !== b.kind) return RANK[a.kind] - RANK[b.kind];
  switch (a.kind) {
    case 'array':
      return compareArrays(a, b as ArrayType);
    case 'object':
      return compareObjects(a, b as ObjectType);
    case 'set':
      return compareTypes(a.of, (b as SetType).of);
    case 'any':
      return compareLists(a.members, (b as AnyType).members);
    case 'function':
      return compareFunctions(a, b as FunctionType);
    default:
      return 0;
  }
}

function compareLists(a: readonly MaybeType[], b: readonly MaybeType[]): number {
  const size = Math.min(a.length, b.length);
  for (let index = 0; index < size; index++) {
    const order = compareTypes(a[index], b[index]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareArrays(a: ArrayType, b: ArrayType): number {
  return compareTypes(a.rest, b.rest) || compareLists(a.items, b.items);
}

function compareObjects(a: ObjectType, b: ObjectType): number {
  if (a.rest !== undefined && b.rest !== undefined) {
    const order = compareTypes(a.rest.key, b.rest.key) || compareTypes(a.rest.value, b.rest.value);
    if (order !== 0) return order;
  } else if (a.rest !== b.rest) return a.rest === undefined ? -1 : 1;
  const size = Math.min(a.properties.length, b.properties.length);
  for (let index = 0; index < size; index++) {
    const one = a.properties[index]!;
    const other = b.properties[index]!;
    const order = compare(one.key, other.key) || compareTypes(one.value, other.value);
    if (order !== 0) return order;
  }
  return a.properties.length - b.properties.length;
}

function compareFunctions(a: FunctionType, b: FunctionType): number {
  return (
    a.args.length - b.args.length ||
    compareLists(a.args, b.args) ||
    compareTypes(a.result, b.result) ||
    compareTypes(a.variadic, b.variadic)
  );
}
