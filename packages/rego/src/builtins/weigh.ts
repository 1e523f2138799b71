import type { Value } from '../value/index.ts';
import { RegoSet } from '../value/index.ts';
import type { BuiltinContext } from './builtin.ts';

/** Texts of fewer units, and collections of fewer members, are not worth counting as operands. */
export const LARGE = 1024;
/** Units of text that take about as long as one operation. */
const UNITS_PER_OPERATION = 64;
/** Texts of fewer units are not worth counting as answers. */
export const TEXT_UNITS_MIN = 64;
/** Arrays of fewer members are not worth counting as answers. */
export const MEMBERS_MIN = 8;
/** What a member takes in an array, and in a set with its key. */
const ARRAY_MEMBER_BYTES = 16;
const SET_MEMBER_BYTES = 64;

/** Counts the work that a large operand makes. Objects are not counted: to count them would be work itself. */
export function weighOperand(context: BuiltinContext, value: Value): void {
  if (typeof value === 'string') {
    if (value.length > LARGE) context.spend(Math.ceil(value.length / UNITS_PER_OPERATION));
  } else if (typeof value === 'object' && value !== null) {
    const size = Array.isArray(value) ? value.length : value instanceof RegoSet ? value.size : 0;
    if (size > LARGE) context.spend(size);
  }
}

/** Counts what an answer takes. */
export function weighAnswer(context: BuiltinContext, value: Value): void {
  if (typeof value === 'string') {
    if (value.length > TEXT_UNITS_MIN) context.allocate(value.length);
  } else if (typeof value === 'object' && value !== null) {
    if (Array.isArray(value)) context.allocate(value.length * ARRAY_MEMBER_BYTES);
    else if (value instanceof RegoSet) context.allocate(value.size * SET_MEMBER_BYTES);
  }
}

/** Counts an array before it is made. */
export function reserveArray(context: BuiltinContext, length: number): void {
  if (length > LARGE) context.allocate(length * ARRAY_MEMBER_BYTES);
}

/** Counts a set before it is made. */
export function reserveSet(context: BuiltinContext, size: number): void {
  if (size > LARGE) context.allocate(size * SET_MEMBER_BYTES);
}

/** Counts a text before it is made. */
export function reserveText(context: BuiltinContext, length: number): void {
  if (length > LARGE) {
    context.allocate(length);
    context.spend(Math.ceil(length / UNITS_PER_OPERATION));
  }
}
