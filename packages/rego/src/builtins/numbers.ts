import type { ArithmeticFault, NumberValue, Value } from '../value/index.ts';
import {
  abs,
  add,
  bigIntOf,
  ceil,
  divide,
  floor,
  isNumber,
  multiply,
  numberAsWritten,
  numberFromBigInt,
  RegoSet,
  remainder,
  round,
  subtract,
} from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import type { Family } from './define.ts';
import { cancelled, enumFault, fault, typeFault } from './fault.ts';
import { bigIntOperand, integerOperand } from './operand.ts';
import { reserveArray } from './weigh.ts';

/** How many members of a range are made between two looks at the clock. */
const RANGE_CHUNK = 4096;

function outcome(result: NumberValue | ArithmeticFault): BuiltinOutcome {
  return typeof result === 'string' ? fault(result) : result;
}

/**
 * Bits of a number that arithmetic may make, its decimal places included. OPA has no such bound; without one a few
 * multiplications of a number by itself hold the process, and nothing can interrupt them.
 */
const NUMBER_BITS_MAX = 1_000_000;
/** A double has no more bits before and behind its point than this. */
const DOUBLE_BITS = 1_100;
const BITS_PER_DIGIT = 3.33;
const BITS_PER_OPERATION = 64;

/** Bits that a number takes written out. */
function bitsOf(value: NumberValue): number {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? Math.log2(Math.abs(value) + 1) : DOUBLE_BITS;
  }
  return value.coefficient.toString(16).length * 4 + Math.abs(value.exponent) * BITS_PER_DIGIT;
}

function areDoubles(a: NumberValue, b: NumberValue): boolean {
  return typeof a === 'number' && typeof b === 'number';
}

/** Refuses products and quotients that would be too large to go on with; counts the work of large ones. */
export function tooLarge(context: BuiltinContext, factors: readonly NumberValue[]): BuiltinError | undefined {
  const bits = factors.reduce((sum: number, factor) => sum + bitsOf(factor), 0);
  if (bits > NUMBER_BITS_MAX) return cancelled(`numbers of more than ${NUMBER_BITS_MAX} bits are refused`);
  context.spend(Math.ceil(bits / BITS_PER_OPERATION));
  return undefined;
}

function minus(_context: BuiltinContext, a: Value, b: Value): BuiltinOutcome {
  if (isNumber(a) && isNumber(b)) return subtract(a, b);
  if (a instanceof RegoSet && b instanceof RegoSet) return a.difference(b);
  if (!isNumber(a) && !(a instanceof RegoSet)) return typeFault(1, a, 'number', 'set');
  return typeFault(2, b, isNumber(b) ? 'set' : 'number');
}

function range(context: BuiltinContext, start: Value, stop: Value, step: Value): BuiltinOutcome {
  const from = bigIntOperand(start, 1);
  if (from instanceof BuiltinError) return from;
  const to = bigIntOperand(stop, 2);
  if (to instanceof BuiltinError) return to;
  const by = bigIntOperand(step, 3);
  if (by instanceof BuiltinError) return by;
  if (by <= 0n) return fault('numbers.range_step: step must be a positive integer');
  const members: Value[] = [];
  const down = from > to;
  for (let member = from; down ? member >= to : member <= to; member += down ? -by : by) {
    if (members.length % RANGE_CHUNK === RANGE_CHUNK - 1) {
      context.spend(RANGE_CHUNK);
      reserveArray(context, RANGE_CHUNK);
    }
    if (members.length % RANGE_CHUNK === RANGE_CHUNK - 1 && context.cancelled()) {
      return cancelled('timed out before generating all numbers in range');
    }
    members.push(numberFromBigInt(member));
  }
  return members;
}

function formatInteger(_context: BuiltinContext, value: NumberValue, base: NumberValue): BuiltinOutcome {
  if (base !== 2 && base !== 8 && base !== 10 && base !== 16) return enumFault(2, '2', '8', '10', '16');
  const whole = bigIntOf(value) ?? truncate(value);
  return whole.toString(base);
}

/** The integer part of a fraction, towards zero. */
function truncate(value: NumberValue): bigint {
  const negative = typeof value === 'number' ? value < 0 : value.coefficient < 0n;
  const size = bigIntOf(floor(abs(value))) ?? 0n;
  return negative ? -size : size;
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NOT_FINITE = /^[+-]*(?:inf|infinity|nan)$/i;

function toNumber(_context: BuiltinContext, value: null | boolean | NumberValue | string): BuiltinOutcome {
  if (value === null) return 0;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string') return value;
  if (NOT_FINITE.test(value)) return typeFault(1, value, 'valid number string');
  if (!DECIMAL.test(value))
    return fault(`strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`);
  if (!Number.isFinite(Number(value))) {
    return fault(`strconv.ParseFloat: parsing ${JSON.stringify(value)}: value out of range`);
  }
  const text = value.replace(/^([+-]?)\./, '$10.').replace(/\.(?=$|[eE])/, '');
  return numberAsWritten(text) ?? fault('invalid number: number too big');
}

function randomInteger(context: BuiltinContext, key: string, limit: NumberValue): BuiltinOutcome {
  const size = integerOperand(limit, 2);
  if (size instanceof BuiltinError) return size;
  if (size === 0) return 0;
  const memoKey = `rand.intn ${Math.abs(size)} ${key}`;
  const known = context.memo.get(memoKey);
  if (known !== undefined) return known;
  const drawn = Math.floor(context.random() * Math.abs(size));
  context.memo.set(memoKey, drawn);
  return drawn;
}

/** Arithmetic and numbers. Source: OPA's `topdown/arithmetic.go`, `numbers.go`, `casts.go`. */
export const NUMBERS: Family = {
  plus: (_context, a: NumberValue, b: NumberValue) => add(a, b),
  minus: { call: minus, checked: 0 },
  mul: (context, a: NumberValue, b: NumberValue) =>
    areDoubles(a, b) ? multiply(a, b) : (tooLarge(context, [a, b]) ?? multiply(a, b)),
  div: (context, a: NumberValue, b: NumberValue) =>
    (areDoubles(a, b) ? undefined : tooLarge(context, [a, b])) ?? outcome(divide(a, b)),
  rem: (_context, a: NumberValue, b: NumberValue) => outcome(remainder(a, b)),
  abs: (_context, a: NumberValue) => abs(a),
  round: (_context, a: NumberValue) => round(a),
  ceil: (_context, a: NumberValue) => ceil(a),
  floor: (_context, a: NumberValue) => floor(a),
  'numbers.range': {
    call: (context: BuiltinContext, a: Value, b: Value) => range(context, a, b, 1),
    checked: 0,
  },
  'numbers.range_step': { call: range, checked: 0 },
  format_int: formatInteger,
  to_number: toNumber,
  'rand.intn': randomInteger,
};
