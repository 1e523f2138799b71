import { BuiltinError, isMember } from '../builtins/index.ts';
import { refuseConflict } from '../eval/conflict.ts';
import { builtinFailed, callReplaced } from '../runtime/calls.ts';
import { isCollection, member, memberAt, ObjectCollector, storedMember } from '../runtime/collections.ts';
import { Cursor } from '../runtime/cursor.ts';
import { EvaluationFault } from '../runtime/fault.ts';
import { ABSENT, BUSY, isReplaced, refuseCircle, rememberedByKey } from '../runtime/memo.ts';
import { innerScope, overrideCall, overrideData, overrideInput } from '../runtime/override.ts';
import {
  Boxed,
  equal,
  isNumber,
  isObject,
  lookup,
  makeObject,
  numberAsWritten,
  objectGet,
  objectSize,
  RegoSet,
  SetBuilder,
} from '../value/index.ts';
import type { Value } from '../value/value.ts';
import type { Code } from './code.ts';
import { code } from './code.ts';

/** Ends an evaluation in which rules contradict each other. */
function conflict(fault: EvaluationFault): never {
  throw fault;
}

/** The prototype of objects made by `JSON.parse`. */
const objectPrototype: object = Object.prototype;

/** Whether a collection holds a value; arrays of strings and the like are searched without looking into members. */
function holds(collection: Value, value: Value): boolean {
  if (collection instanceof RegoSet) return collection.has(value);
  if (Array.isArray(collection) && (value === null || typeof value !== 'object')) {
    if (collection.includes(value)) return true;
    // A number may be in there with its text beside it.
    return typeof value === 'number' && isMember(value, collection);
  }
  return isMember(value, collection);
}

/** All that generated code can call, by the name that it uses: nothing else is in its sight. */
export const RUNTIME = Object.freeze({
  ABSENT,
  BUSY,
  Boxed,
  BuiltinError,
  Cursor,
  EvaluationFault,
  ObjectCollector,
  RegoSet,
  SetBuilder,
  builtinFailed,
  callReplaced,
  conflict,
  equal,
  getPrototypeOf: Object.getPrototypeOf as (value: object) => object | null,
  holds,
  innerScope,
  isArray: Array.isArray as (value: unknown) => boolean,
  isCollection,
  isNumber,
  isObject,
  isReplaced,
  lookup,
  makeObject,
  member,
  memberAt,
  numberAsWritten,
  objectGet,
  objectPrototype,
  objectSize,
  overrideCall,
  overrideData,
  overrideInput,
  refuseCircle,
  refuseConflict,
  rememberedByKey,
  storedMember,
});

export type RuntimeName = keyof typeof RUNTIME;

/** Takes every name of {@link RUNTIME} out of the parameter `runtime`. */
export const RUNTIME_HEADER: Code = code`const {
  ABSENT, BUSY, Boxed, BuiltinError, Cursor, EvaluationFault, ObjectCollector, RegoSet, SetBuilder, builtinFailed,
  callReplaced, conflict, equal, getPrototypeOf, holds, innerScope, isArray, isCollection, isNumber, isObject,
  isReplaced, lookup, makeObject, member, memberAt, numberAsWritten, objectGet, objectPrototype, objectSize, overrideCall,
  overrideData, overrideInput, refuseCircle, refuseConflict, rememberedByKey, storedMember,
} = runtime;`;
