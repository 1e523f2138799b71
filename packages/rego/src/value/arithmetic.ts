import type { BinaryFloat } from './binary-float.ts';
import {
  addFloats,
  divideFloats,
  floatFromDecimal,
  isIntegralFloat,
  multiplyFloats,
  negateFloat,
  PRECISION_BITS,
  shortestDecimal,
  truncateFloat,
} from './binary-float.ts';
import { bitLength } from './decimal.ts';
import type { NumberValue } from './number.ts';
import { bigIntOf, decimalOf, equalNumbers, numberFromBigInt, numberFromDecimal } from './number.ts';

/** Why an operation has no result, in OPA's words. */
export type ArithmeticFault = 'divide by zero' | 'modulo by zero' | 'modulo on floating-point number';

const INT32_MAX = 2 ** 31 - 1;
const INT32_MIN = -(2 ** 31);
const ONE: BinaryFloat = { mantissa: 1n, exponent: 0 };
const HALF: BinaryFloat = { mantissa: 1n, exponent: -1 };

function isInt32(value: NumberValue): value is number {
  return typeof value === 'number' && (value | 0) === value;
}

function floatOf(value: NumberValue): BinaryFloat {
  return floatFromDecimal(decimalOf(value));
}

function fromFloat(float: BinaryFloat, precisionBits = PRECISION_BITS): NumberValue {
  const { coefficient, exponent } = shortestDecimal(float, precisionBits);
  return numberFromDecimal(coefficient, exponent);
}

/** A big integer printed as Go prints a float made of it: exact up to its own width. */
function fromWholeFloat(integer: bigint): NumberValue {
  if (integer === 0n) return 0;
  const bits = bitLength(integer < 0n ? -integer : integer);
  return fromFloat({ mantissa: integer, exponent: 0 }, Math.max(bits, PRECISION_BITS));
}

/** The ladder: exact integers of any size, else floats with a 64-bit mantissa. */
function climb(
  a: NumberValue,
  b: NumberValue,
  exact: (a: bigint, b: bigint) => bigint,
  float: (a: BinaryFloat, b: BinaryFloat) => BinaryFloat,
): NumberValue {
  const wholeA = bigIntOf(a);
  const wholeB = wholeA === undefined ? undefined : bigIntOf(b);
  if (wholeA !== undefined && wholeB !== undefined) return numberFromBigInt(exact(wholeA, wholeB));
  return fromFloat(float(floatOf(a), floatOf(b)));
}

/** `a + b` */
export function add(a: NumberValue, b: NumberValue): NumberValue {
  if (typeof a === 'number' && typeof b === 'number' && Number.isInteger(a) && Number.isInteger(b)) {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return climb(a, b, (x, y) => x + y, addFloats);
}

/** `a - b` */
export function subtract(a: NumberValue, b: NumberValue): NumberValue {
  if (typeof a === 'number' && typeof b === 'number' && Number.isInteger(a) && Number.isInteger(b)) {
    const difference = a - b;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return climb(
    a,
    b,
    (x, y) => x - y,
    (x, y) => addFloats(x, negateFloat(y)),
  );
}

/** `a * b` */
export function multiply(a: NumberValue, b: NumberValue): NumberValue {
  if (typeof a === 'number' && typeof b === 'number' && Number.isInteger(a) && Number.isInteger(b)) {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product === 0 ? 0 : product;
  }
  return climb(
    a,
    b,
    (x, y) => x * y,
    (x, y) => multiplyFloats(x, y),
  );
}

/** `a / b`: exact only where both fit 32 bits and divide evenly. */
export function divide(a: NumberValue, b: NumberValue): NumberValue | ArithmeticFault {
  if (equalNumbers(b, 0)) return 'divide by zero';
  if (equalNumbers(a, 0)) return 0;
  if (isInt32(a) && isInt32(b) && a % b === 0) return a / b;
  return fromFloat(divideFloats(floatOf(a), floatOf(b)));
}

/** `a % b`: integers only; the result has the dividend's sign. */
export function remainder(a: NumberValue, b: NumberValue): NumberValue | ArithmeticFault {
  const wholeA = bigIntOf(a);
  const wholeB = bigIntOf(b);
  if (wholeA === undefined || wholeB === undefined) return 'modulo on floating-point number';
  if (wholeB === 0n) return 'modulo by zero';
  return numberFromBigInt(wholeA % wholeB);
}

/** The exact sum of integers; with any fraction, the sum of floats in the order given. */
export function sumOf(numbers: readonly NumberValue[]): NumberValue {
  const whole = allWhole(numbers);
  if (whole !== undefined) return numberFromBigInt(whole.reduce((total, next) => total + next, 0n));
  return fromFloat(numbers.map(floatOf).reduce(addFloats));
}

/** OPA multiplies fractions starting from a float of this many bits, and stays there. */
const PRODUCT_PRECISION_BITS = 53;

/** The exact product of integers; with any fraction, the product of floats in the order given. */
export function productOf(numbers: readonly NumberValue[]): NumberValue {
  const whole = allWhole(numbers);
  if (whole !== undefined) return numberFromBigInt(whole.reduce((total, next) => total * next, 1n));
  const product = numbers
    .map(floatOf)
    .reduce((total, next) => multiplyFloats(total, next, PRODUCT_PRECISION_BITS), ONE);
  return fromFloat(product, PRODUCT_PRECISION_BITS);
}

function allWhole(numbers: readonly NumberValue[]): readonly bigint[] | undefined {
  const whole = numbers.map(bigIntOf);
  return whole.includes(undefined) ? undefined : (whole as bigint[]);
}

/** The magnitude. */
export function abs(a: NumberValue): NumberValue {
  if (typeof a === 'number' && a >= INT32_MIN && a <= INT32_MAX) return Math.abs(a);
  const float = floatOf(a);
  return fromFloat(float.mantissa < 0n ? negateFloat(float) : float);
}

/** Half away from zero. */
export function round(a: NumberValue): NumberValue {
  if (isInt32(a)) return a;
  const float = floatOf(a);
  return fromWholeFloat(truncateFloat(addFloats(float, float.mantissa < 0n ? negateFloat(HALF) : HALF)));
}

/**
 * The next integer not below. Between -1 and 0 OPA answers 1, because the truncated value has lost its sign; we
 * answer as it does.
 */
export function ceil(a: NumberValue): NumberValue {
  if (isInt32(a)) return a;
  const float = floatOf(a);
  const whole = truncateFloat(float);
  return fromWholeFloat(whole < 0n || isIntegralFloat(float) ? whole : whole + 1n);
}

/** The next integer not above; between -1 and 0 it is 0, as OPA answers (see {@link ceil}). */
export function floor(a: NumberValue): NumberValue {
  if (isInt32(a)) return a;
  const float = floatOf(a);
  const whole = truncateFloat(float);
  return fromWholeFloat(whole >= 0n || isIntegralFloat(float) ? whole : whole - 1n);
}
