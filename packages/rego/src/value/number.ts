import { Boxed } from './boxed.ts';
import type { Decimal } from './decimal.ts';
import { compareDecimals, digitsOf, isWithinBounds, normaliseDecimal, parseDecimal } from './decimal.ts';

/** A Rego number in its one form. */
export type NumberValue = number | RegoNumber;

/**
 * A number that no JavaScript double holds as its shortest decimal: 9007199254740993, 1e400,
 * 0.33333333333333333334; or one that is to be shown as it was written: 1.0, 1e2 (see {@link numberAsWritten}). The
 * latter is the same value as the double, with the same key, so only what compares by `===` has to know of it.
 */
export class RegoNumber extends Boxed {
  override readonly kind = 'number';
  readonly coefficient: bigint;
  readonly exponent: number;
  /** The double that is the same value, where there is one: then only the text is other. */
  readonly plain: number | undefined;
  /** The text is the number's own, as it was written. */
  readonly isWritten: boolean;
  #text: string | undefined;
  #nearest: number | undefined;

  constructor(decimal: Decimal, written?: { readonly text: string; readonly plain: number | undefined }) {
    super();
    this.coefficient = decimal.coefficient;
    this.exponent = decimal.exponent;
    this.plain = written?.plain;
    this.isWritten = written !== undefined;
    this.#text = written?.text;
  }

  /** The double next to the value; infinite beyond the double's range. */
  get nearest(): number {
    this.#nearest ??= Number(`${this.coefficient}e${this.exponent}`);
    return this.#nearest;
  }

  override equals(other: Boxed): boolean {
    return (
      other instanceof RegoNumber &&
      other.exponent === this.exponent &&
      other.coefficient === this.coefficient
    );
  }

  override sorted(): readonly never[] {
    return [];
  }

  override canonicalText(): string {
    return this.plain === undefined ? `#${this.coefficient}e${this.exponent}` : String(this.plain);
  }

  override toString(): string {
    this.#text ??= decimalText(this);
    return this.#text;
  }

  /** The nearest finite double: lossy by nature; `toJson` of this package keeps every digit. */
  toJSON(): number {
    return Math.min(Math.max(this.nearest, -Number.MAX_VALUE), Number.MAX_VALUE);
  }
}

/** Below this a fraction is written with an exponent. */
const PLAIN_MAGNITUDE_MIN = -6;

function decimalText({ coefficient, exponent }: Decimal): string {
  const sign = coefficient < 0n ? '-' : '';
  const digits = digitsOf(coefficient);
  if (exponent >= 0) return sign + digits + '0'.repeat(exponent);
  const point = digits.length + exponent;
  if (point > 0) return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
  if (point > PLAIN_MAGNITUDE_MIN) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  const rest = digits.length > 1 ? `.${digits.slice(1)}` : '';
  return `${sign}${digits[0]}${rest}e${point - 1}`;
}

/** Whether a value is a number of either form. */
export function isNumber(value: unknown): value is NumberValue {
  return typeof value === 'number' || value instanceof RegoNumber;
}

/** The decimal that a number stands for. */
export function decimalOf(value: NumberValue): Decimal {
  if (typeof value !== 'number') return value;
  if (Number.isSafeInteger(value)) return normaliseDecimal(BigInt(value), 0);
  const decimal = parseDecimal(String(value));
  if (decimal === undefined) throw new TypeError(`not a finite number: ${value}`);
  return decimal;
}

/** The one form of a decimal. */
export function numberFromDecimal(coefficient: bigint, exponent: number): NumberValue {
  const decimal = normaliseDecimal(coefficient, exponent);
  if (decimal.coefficient === 0n) return 0;
  const size = digitsOf(decimal.coefficient).length;
  const double = Number(`${decimal.coefficient}e${decimal.exponent}`);
  // Up to 15 digits within the normal range, a double's shortest decimal is what it was read from.
  if (size <= 15 && Math.abs(decimal.exponent) < 270) return double;
  if (!Number.isFinite(double) || double === 0) return new RegoNumber(decimal);
  const back = decimalOf(double);
  return back.exponent === decimal.exponent && back.coefficient === decimal.coefficient
    ? double
    : new RegoNumber(decimal);
}

/** The one form of an integer. */
export function numberFromBigInt(value: bigint): NumberValue {
  const double = Number(value);
  return Number.isSafeInteger(double) ? double : numberFromDecimal(value, 0);
}

/**
 * Reads the text of a JSON number exactly.
 *
 * @returns undefined when the text is no number, or one that OPA refuses (binary exponent beyond 100,000).
 */
export function numberFromText(text: string): NumberValue | undefined {
  const decimal = parseDecimal(text);
  if (decimal === undefined || !isWithinBounds(decimal)) return undefined;
  return numberFromDecimal(decimal.coefficient, decimal.exponent);
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * As {@link numberFromText}, keeping the text where the number would be written in another way: OPA shows numbers as
 * they were written, in `sprintf` and in JSON.
 */
export function numberAsWritten(text: string): NumberValue | undefined {
  const value = numberFromText(text);
  if (value === undefined || numberText(value) === text || !JSON_NUMBER.test(text)) return value;
  const plain = typeof value === 'number' ? value : undefined;
  return new RegoNumber(decimalOf(value), { text, plain });
}

/** The double that is the same value, where there is one; what is no number is left alone. */
export function plainNumber<T>(value: T): T | number {
  return value instanceof RegoNumber && value.plain !== undefined ? value.plain : value;
}

/** The number as JSON text. Integers are written in full, however large, as OPA's arithmetic does. */
export function numberText(value: NumberValue): string {
  if (typeof value !== 'number') return value.toString();
  if (Math.abs(value) < 1e21) return String(value);
  return decimalText(decimalOf(value));
}

/** The integer that a number is; undefined for a fraction. */
export function bigIntOf(value: NumberValue): bigint | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'number' && !Number.isInteger(value)) return undefined;
  const { coefficient, exponent } = decimalOf(value);
  return exponent >= 0 ? coefficient * 10n ** BigInt(exponent) : undefined;
}

/** Whether a number is an integer, of any size. */
export function isInteger(value: NumberValue): boolean {
  return typeof value === 'number' ? Number.isInteger(value) : value.exponent >= 0;
}

/** The exact numeric order: negative, zero or positive. */
export function compareNumbers(a: NumberValue, b: NumberValue): number {
  // Doubles and their shortest decimals stand in the same order.
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0;
  const nearA = typeof a === 'number' ? a : a.nearest;
  const nearB = typeof b === 'number' ? b : b.nearest;
  if (nearA !== nearB) return nearA < nearB ? -1 : 1;
  return compareDecimals(decimalOf(a), decimalOf(b));
}

/** Whether two numbers are one value. */
export function equalNumbers(a: NumberValue, b: NumberValue): boolean {
  if (typeof a === 'number' || typeof b === 'number') return plainNumber(a) === plainNumber(b);
  return a.equals(b);
}
