import type { Value } from '../value/index.ts';
import { equal, isObject, lookup, objectEntries, RegoSet } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import type { Family } from './define.ts';

/** Whether one value is part of another of its type; undefined where the types do not go together. */
function isPart(whole: Value, part: Value): boolean | undefined {
  if (isObject(whole) && isObject(part)) {
    return objectEntries(part).every(([key, value]) => {
      const found = lookup(whole, key);
      return found !== undefined && (equal(found, value) || isPart(found, value) === true);
    });
  }
  if (whole instanceof RegoSet && part instanceof RegoSet) return part.isSubsetOf(whole);
  if (Array.isArray(whole) && Array.isArray(part)) return isStretch(whole, part);
  return undefined;
}

/**
 * Whether an array occurs within another. As in OPA, a failed attempt starts again one element further on; the
 * elements are compared whole.
 */
function isStretch(whole: readonly Value[], part: readonly Value[]): boolean {
  for (let start = 0; start + part.length <= whole.length; start++) {
    if (part.every((value, index) => equal(whole[start + index]!, value))) return true;
  }
  return false;
}

function subset(_context: BuiltinContext, whole: Value, part: Value): BuiltinOutcome {
  if (Array.isArray(whole) && part instanceof RegoSet) {
    return whole.length > 0 && part.isSubsetOf(RegoSet.from(whole as readonly Value[]));
  }
  return (
    isPart(whole, part) ??
    new BuiltinError(
      'eval_type_error',
      'both arguments object.subset must be of the same type or array and set',
    )
  );
}

/** `object.subset`. Source: OPA's `topdown/subset.go`. */
export const SUBSET: Family = { 'object.subset': { call: subset, checked: 0 } };
