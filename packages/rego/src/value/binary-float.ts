import type { Decimal } from './decimal.ts';
import { bitLength } from './decimal.ts';

/**
 * `mantissa * 2 ** exponent`, the mantissa rounded to {@link PRECISION_BITS} bits, half to even: the numbers in
 * which OPA computes with fractions (Go's `big.Float` at its default precision).
 */
export interface BinaryFloat {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** Bits of the mantissa. */
export const PRECISION_BITS = 64;

const ZERO: BinaryFloat = { mantissa: 0n, exponent: 0 };

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** `above / below * 2 ** exponent`, rounded half to even. */
function roundRatio(
  above: bigint,
  below: bigint,
  exponent: number,
  precisionBits = PRECISION_BITS,
): BinaryFloat {
  if (above === 0n) return ZERO;
  const size = magnitude(above);
  let shift = precisionBits - (bitLength(size) - bitLength(below));
  let scaled = shift >= 0 ? size << BigInt(shift) : size;
  let divisor = shift >= 0 ? below : below << BigInt(-shift);
  let quotient = scaled / divisor;
  if (bitLength(quotient) > precisionBits) {
    shift--;
    scaled = shift >= 0 ? size << BigInt(shift) : size;
    divisor = shift >= 0 ? below : below << BigInt(-shift);
    quotient = scaled / divisor;
  }
  const twice = (scaled - quotient * divisor) * 2n;
  if (twice > divisor || (twice === divisor && quotient % 2n === 1n)) quotient += 1n;
  return { mantissa: above < 0n ? -quotient : quotient, exponent: exponent - shift };
}

/** The float next to a decimal. */
export function floatFromDecimal({ coefficient, exponent }: Decimal): BinaryFloat {
  return exponent >= 0
    ? roundRatio(coefficient * 5n ** BigInt(exponent), 1n, exponent)
    : roundRatio(coefficient, 5n ** BigInt(-exponent), exponent);
}

/** The rounded sum. */
export function addFloats(a: BinaryFloat, b: BinaryFloat): BinaryFloat {
  if (a.mantissa === 0n) return b;
  if (b.mantissa === 0n) return a;
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = (a.mantissa << BigInt(a.exponent - exponent)) + (b.mantissa << BigInt(b.exponent - exponent));
  return roundRatio(sum, 1n, exponent);
}

/** The negated float. */
export function negateFloat(a: BinaryFloat): BinaryFloat {
  return { mantissa: -a.mantissa, exponent: a.exponent };
}

/** The rounded product. */
export function multiplyFloats(a: BinaryFloat, b: BinaryFloat, precisionBits = PRECISION_BITS): BinaryFloat {
  return roundRatio(a.mantissa * b.mantissa, 1n, a.exponent + b.exponent, precisionBits);
}

/** The rounded quotient; the divisor must not be zero. */
export function divideFloats(a: BinaryFloat, b: BinaryFloat): BinaryFloat {
  const above = b.mantissa < 0n ? -a.mantissa : a.mantissa;
  return roundRatio(above, magnitude(b.mantissa), a.exponent - b.exponent);
}

/** The integer part, towards zero. */
export function truncateFloat({ mantissa, exponent }: BinaryFloat): bigint {
  if (exponent >= 0) return mantissa << BigInt(exponent);
  const size = magnitude(mantissa) >> BigInt(-exponent);
  return mantissa < 0n ? -size : size;
}

/** Whether the float has no fraction. */
export function isIntegralFloat(a: BinaryFloat): boolean {
  if (a.exponent >= 0) return true;
  return (magnitude(a.mantissa) & ((1n << BigInt(-a.exponent)) - 1n)) === 0n;
}

interface Digits {
  readonly text: string;
  /** Decimal exponent of the point: the value is `0.text * 10 ** point`. */
  readonly point: number;
}

function exactDigits(mantissa: bigint, exponent: number): Digits {
  const integer = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent);
  const text = integer.toString();
  return { text: text.replace(/0+$/, ''), point: text.length + Math.min(exponent, 0) };
}

function keepDigits(text: string, count: number, up: boolean): bigint {
  const kept = BigInt(text.slice(0, count));
  return up ? kept + 1n : kept;
}

function roundsUp(text: string, count: number): boolean {
  if (count >= text.length) return false;
  if (text[count] === '5' && count + 1 === text.length) {
    return count > 0 && (text.charCodeAt(count - 1) & 1) === 1;
  }
  return text.charCodeAt(count) >= 0x35;
}

/**
 * The shortest decimal that reads back as this float at `precisionBits`; among several of that length, the
 * nearest. The bounds are compared digit by digit at the same position, as Go's formatter does.
 */
export function shortestDecimal(float: BinaryFloat, precisionBits = PRECISION_BITS): Decimal {
  if (float.mantissa === 0n) return { coefficient: 0n, exponent: 0 };
  const negative = float.mantissa < 0n;
  let mantissa = magnitude(float.mantissa);
  // One bit more than the precision, so that half a unit in the last place is 1.
  const shift = precisionBits + 1 - bitLength(mantissa);
  mantissa = shift >= 0 ? mantissa << BigInt(shift) : mantissa >> BigInt(-shift);
  const exponent = float.exponent - shift;
  const exact = exactDigits(mantissa, exponent);
  const lower = exactDigits(mantissa - 1n, exponent);
  const upper = exactDigits(mantissa + 1n, exponent);
  const inclusive = (mantissa & 2n) === 0n;
  let coefficient = BigInt(exact.text);
  let count = exact.text.length;
  for (let index = 0; index < exact.text.length; index++) {
    const digit = exact.text.charCodeAt(index);
    const low = index < lower.text.length ? lower.text.charCodeAt(index) : 0x30;
    const high = index < upper.text.length ? upper.text.charCodeAt(index) : 0x30;
    const downFits = low !== digit || (inclusive && index + 1 === lower.text.length);
    const upFits = digit !== high && (inclusive || digit + 1 < high || index + 1 < upper.text.length);
    if (!downFits && !upFits) continue;
    count = index + 1;
    coefficient = keepDigits(exact.text, count, downFits ? upFits && roundsUp(exact.text, count) : true);
    break;
  }
  return { coefficient: negative ? -coefficient : coefficient, exponent: exact.point - count };
}
