import type { NumberValue, ObjectValue, Value } from '../value/index.ts';
import {
  compare,
  equal,
  isNumber,
  isObject,
  objectSize,
  productOf,
  RegoSet,
  SetBuilder,
  sumOf,
} from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import type { Definition, Family } from './define.ts';
import { elementFault, typeFault } from './fault.ts';
import { tooLarge } from './numbers.ts';
import { integerOperand, membersOf } from './operand.ts';
import { reserveArray } from './weigh.ts';

type Members = readonly Value[] | RegoSet;

const SET_OR_ARRAY = [['set', 'array']] as const;
const ARRAY_OR_SET = [['array', 'set']] as const;

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function count(_context: BuiltinContext, value: string | Members | ObjectValue): BuiltinOutcome {
  if (typeof value === 'string') return codePoints(value);
  if (value instanceof RegoSet) return value.size;
  return isObject(value) ? objectSize(value) : (value as readonly Value[]).length;
}

type Fold = (numbers: readonly NumberValue[], context: BuiltinContext) => NumberValue | BuiltinError;

function fold(combine: Fold): Definition {
  return {
    expected: SET_OR_ARRAY,
    call: (context: BuiltinContext, collection: Members) => {
      const members = membersOf(collection);
      for (const member of members) {
        if (!isNumber(member)) return elementFault(1, collection, member, 'number');
      }
      return combine(members as readonly NumberValue[], context);
    },
  };
}

function extreme(isBetter: (order: number) => boolean): Definition {
  return {
    expected: SET_OR_ARRAY,
    call: (_context: BuiltinContext, collection: Members) => {
      let best: Value | undefined;
      for (const member of collection instanceof RegoSet ? collection.values() : collection) {
        if (best === undefined || isBetter(compare(member, best))) best = member;
      }
      return best;
    },
  };
}

function sort(_context: BuiltinContext, collection: Members): BuiltinOutcome {
  return collection instanceof RegoSet ? collection.sorted() : [...collection].sort(compare);
}

function holdsTrue(collection: Members, every: boolean): boolean {
  const members = membersOf(collection);
  return every ? members.every((member) => member === true) : members.includes(true);
}

/** Most sums are of small integers: they need no big ones. */
function sum(numbers: readonly NumberValue[]): NumberValue {
  let total = 0;
  for (const number of numbers) {
    if (typeof number !== 'number') return sumOf(numbers);
    total += number;
    if (!Number.isSafeInteger(total) || !Number.isInteger(number)) return sumOf(numbers);
  }
  return total;
}

/** Numbers that make a product longer: a million ones make none. */
function significant(numbers: readonly NumberValue[]): readonly NumberValue[] {
  return numbers.filter((number) => number !== 0 && number !== 1 && number !== -1);
}

/** Aggregates. Source: OPA's `topdown/aggregates.go`. */
export const AGGREGATES: Family = {
  count: { call: count, expected: [['array', 'object', 'set', 'string']] },
  sum: fold(sum),
  product: fold((numbers, context) => tooLarge(context, significant(numbers)) ?? productOf(numbers)),
  max: extreme((order) => order > 0),
  min: extreme((order) => order < 0),
  sort: { call: sort, expected: SET_OR_ARRAY },
  all: {
    call: (_context: BuiltinContext, collection: Members) => holdsTrue(collection, true),
    expected: ARRAY_OR_SET,
  },
  any: {
    call: (_context: BuiltinContext, collection: Members) => holdsTrue(collection, false),
    expected: ARRAY_OR_SET,
  },
};

function slice(_context: BuiltinContext, array: readonly Value[], start: Value, stop: Value): BuiltinOutcome {
  const from = integerOperand(start, 2);
  if (from instanceof BuiltinError) return from;
  const to = integerOperand(stop, 3);
  if (to instanceof BuiltinError) return to;
  const end = Math.min(Math.max(to, 0), array.length);
  return array.slice(Math.min(Math.max(from, 0), end), end);
}

/** Arrays. Source: OPA's `topdown/array.go`. */
export const ARRAYS: Family = {
  'array.concat': (context, a: readonly Value[], b: readonly Value[]) => {
    reserveArray(context, a.length + b.length);
    return [...a, ...b];
  },
  'array.flatten': (context, array: readonly Value[]) => {
    reserveArray(
      context,
      array.reduce((sum: number, one) => sum + (Array.isArray(one) ? one.length : 1), 0),
    );
    return array.flatMap((member) => (Array.isArray(member) ? (member as readonly Value[]) : [member]));
  },
  'array.reverse': (_context, array: readonly Value[]) => array.toReversed(),
  'array.slice': { call: slice, checked: 1 },
};

function union(_context: BuiltinContext, sets: RegoSet): BuiltinOutcome {
  const united = new SetBuilder();
  for (const set of sets.sorted()) {
    if (!(set instanceof RegoSet)) return typeFault(1, set, 'set');
    for (const member of set.values()) united.add(member);
  }
  return united.build();
}

function intersection(_context: BuiltinContext, sets: RegoSet): BuiltinOutcome {
  let common: RegoSet | undefined;
  for (const set of sets.sorted()) {
    if (!(set instanceof RegoSet)) return typeFault(1, set, 'set');
    common = common === undefined ? set : common.intersection(set);
  }
  return common ?? RegoSet.EMPTY;
}

/** Sets. Source: OPA's `topdown/sets.go`, `binary.go`. */
export const SETS: Family = {
  and: (_context, a: RegoSet, b: RegoSet) => a.intersection(b),
  or: (_context, a: RegoSet, b: RegoSet) => a.union(b),
  set_diff: (_context, a: RegoSet, b: RegoSet) => a.difference(b),
  union,
  intersection,
};

function cast(type: string): Definition {
  return { call: (_context: BuiltinContext, value: Value) => castTo(type, value), checked: 0 };
}

function castTo(type: string, value: Value): BuiltinOutcome {
  if (type === 'array' && value instanceof RegoSet) return value.sorted();
  if (type === 'set' && Array.isArray(value)) return RegoSet.from(value as readonly Value[]);
  const fits = CASTS[type]!(value);
  if (fits) return value;
  return type === 'array' || type === 'set' ? typeFault(1, value, 'array', 'set') : typeFault(1, value, type);
}

const CASTS: Readonly<Record<string, (value: Value) => boolean>> = {
  array: (value) => Array.isArray(value),
  boolean: (value) => typeof value === 'boolean',
  null: (value) => equal(value, null),
  object: isObject,
  set: (value) => value instanceof RegoSet,
  string: (value) => typeof value === 'string',
};

/** Deprecated casts, known to Rego v0 only. Source: OPA's `topdown/casts.go`. */
export const DEPRECATED_CASTS: Family = {
  cast_array: cast('array'),
  cast_boolean: cast('boolean'),
  cast_null: cast('null'),
  cast_object: cast('object'),
  cast_set: cast('set'),
  cast_string: cast('string'),
};
