import type { Value } from '../value/index.ts';
import { bigIntOf, isNumber, RegoSet } from '../value/index.ts';
import type { BuiltinError } from './builtin.ts';
import { elementFault, operandFault, typeFault } from './fault.ts';

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const NOT_INTEGER = 'must be integer number but got floating-point number';

/** An operand as a 64-bit integer. Beyond 2^53 the result is rounded, which no caller can tell from a huge index. */
export function integerOperand(value: Value, position: number): number | BuiltinError {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  if (!isNumber(value)) return typeFault(position, value, 'number');
  const whole = bigIntOf(value);
  if (whole === undefined || whole > INT64_MAX || whole < INT64_MIN)
    return operandFault(position, NOT_INTEGER);
  return Number(whole);
}

/** An operand as an integer of any size. */
export function bigIntOperand(value: Value, position: number): bigint | BuiltinError {
  if (!isNumber(value)) return typeFault(position, value, 'integer');
  return bigIntOf(value) ?? operandFault(position, NOT_INTEGER);
}

/** The members of an array or, sorted, of a set. */
export function membersOf(value: readonly Value[] | RegoSet): readonly Value[] {
  return value instanceof RegoSet ? value.sorted() : value;
}

/** The strings of an array or set. */
export function stringsOperand(
  value: readonly Value[] | RegoSet,
  position: number,
): readonly string[] | BuiltinError {
  const members = membersOf(value);
  for (const member of members) {
    if (typeof member !== 'string') return elementFault(position, value, member, 'string');
  }
  return members as readonly string[];
}
