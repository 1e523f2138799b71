import { Boxed } from './boxed.ts';
import type { NumberValue } from './number.ts';
import { compareNumbers, plainNumber } from './number.ts';
import { compareStrings, sortedNames } from './string-order.ts';
import type { TypeName } from './type-name.ts';
import { typeName } from './type-name.ts';
import type { JsonObject, Value } from './value.ts';

const RANK: Record<TypeName, number> = {
  null: 0,
  boolean: 1,
  number: 2,
  string: 3,
  array: 4,
  object: 5,
  set: 6,
};

const COMPARE: Record<TypeName, (a: Value, b: Value) => number> = {
  null: () => 0,
  boolean: (a, b) => Number(a) - Number(b),
  number: (a, b) => compareNumbers(a as NumberValue, b as NumberValue),
  string: (a, b) => compareStrings(a as string, b as string),
  array: (a, b) => compareArrays(a as readonly Value[], b as readonly Value[]),
  object: (a, b) => compareObjects(a as JsonObject | Boxed, b as JsonObject | Boxed),
  set: (a, b) =>
    compareArrays((a as Boxed).sorted() as readonly Value[], (b as Boxed).sorted() as readonly Value[]),
};

function compareArrays(a: readonly Value[], b: readonly Value[]): number {
  const size = Math.min(a.length, b.length);
  for (let index = 0; index < size; index++) {
    const order = compare(a[index]!, b[index]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

type Pairs = readonly (readonly [Value, Value])[];

function sortedPairs(object: JsonObject | Boxed): Pairs {
  if (object instanceof Boxed) return object.sorted() as Pairs;
  return sortedNames(object).map((name) => [name, object[name]!] as const);
}

function compareObjects(a: JsonObject | Boxed, b: JsonObject | Boxed): number {
  const pairsA = sortedPairs(a);
  const pairsB = sortedPairs(b);
  const size = Math.min(pairsA.length, pairsB.length);
  for (let index = 0; index < size; index++) {
    const order =
      compare(pairsA[index]![0], pairsB[index]![0]) || compare(pairsA[index]![1], pairsB[index]![1]);
    if (order !== 0) return order;
  }
  return pairsA.length - pairsB.length;
}

/**
 * The total order of values: null < boolean < number < string < array < object < set. Objects compare by their
 * sorted pairs, sets by their sorted members.
 *
 * @returns negative, zero or positive
 */
export function compare(a: Value, b: Value): number {
  if (a === b) return 0;
  const typeA = typeName(a);
  const typeB = typeName(b);
  return typeA === typeB ? COMPARE[typeA](a, b) : RANK[typeA] - RANK[typeB];
}

/** Whether two values are one. */
export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a === 'number') return plainNumber(b) === a;
  if (typeof b === 'number') return plainNumber(a) === b;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a)) return Array.isArray(b) && equalArrays(a, b);
  if (Array.isArray(b)) return false;
  if (a instanceof Boxed) return b instanceof Boxed && a.equals(b);
  if (b instanceof Boxed) return false;
  return equalPlain(a as JsonObject, b as JsonObject);
}

function equalArrays(a: readonly Value[], b: readonly Value[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (!equal(a[index]!, b[index]!)) return false;
  return true;
}

function equalPlain(a: JsonObject, b: JsonObject): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  for (const name of names) if (!Object.hasOwn(b, name) || !equal(a[name]!, b[name]!)) return false;
  return true;
}
