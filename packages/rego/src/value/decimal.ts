/** A finite decimal, `coefficient * 10 ** exponent`. Zero is `{0n, 0}`; else the coefficient has no factor 10. */
export interface Decimal {
  readonly coefficient: bigint;
  readonly exponent: number;
}

const NUMBER = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,9}))?$/;

/** OPA refuses numbers whose binary exponent passes this (`validateNumber` in its `ast` package). */
const BINARY_EXPONENT_MAX = 100_000;
const DECIMAL_EXPONENT_MAX = 30_103;

/** Decimal digits of a bigint without its sign. */
export function digitsOf(coefficient: bigint): string {
  return (coefficient < 0n ? -coefficient : coefficient).toString();
}

/** Bits needed for a positive bigint. */
export function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return hex.length * 4 - (Math.clz32(Number.parseInt(hex[0]!, 16)) - 28);
}

/** Removes the factors of ten from a coefficient. */
export function normaliseDecimal(coefficient: bigint, exponent: number): Decimal {
  if (coefficient === 0n) return { coefficient: 0n, exponent: 0 };
  if (coefficient % 10n !== 0n) return { coefficient, exponent };
  const text = coefficient.toString();
  let end = text.length;
  while (text.charCodeAt(end - 1) === 0x30) end--;
  return { coefficient: BigInt(text.slice(0, end)), exponent: exponent + text.length - end };
}

/** Reads JSON number text (a leading `+` and leading zeros are tolerated). Undefined: no number. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const fraction = match[3] ?? '';
  const magnitude = BigInt(match[2]! + fraction);
  const exponent = Number(match[4] ?? 0) - fraction.length;
  return normaliseDecimal(match[1] === '-' ? -magnitude : magnitude, exponent);
}

/** Whether OPA would accept the magnitude. Keeps `10n ** exponent` affordable everywhere. */
export function isWithinBounds(decimal: Decimal): boolean {
  if (decimal.coefficient === 0n) return true;
  const magnitude = digitsOf(decimal.coefficient).length + decimal.exponent;
  if (magnitude > DECIMAL_EXPONENT_MAX + 1 || magnitude < -DECIMAL_EXPONENT_MAX - 1) return false;
  if (magnitude < DECIMAL_EXPONENT_MAX - 1 && magnitude > -DECIMAL_EXPONENT_MAX + 1) return true;
  const { coefficient, exponent } = decimal;
  const size = coefficient < 0n ? -coefficient : coefficient;
  const [above, below] =
    exponent >= 0 ? [size * 10n ** BigInt(exponent), 1n] : [size, 10n ** BigInt(-exponent)];
  const estimate = bitLength(above) - bitLength(below);
  const scaledAbove = estimate < 0 ? above << BigInt(-estimate) : above;
  const scaledBelow = estimate > 0 ? below << BigInt(estimate) : below;
  const binaryExponent = scaledAbove >= scaledBelow ? estimate + 1 : estimate;
  return Math.abs(binaryExponent) <= BINARY_EXPONENT_MAX;
}

/** Exact order of two decimals: negative, zero or positive. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const signA = a.coefficient < 0n ? -1 : a.coefficient > 0n ? 1 : 0;
  const signB = b.coefficient < 0n ? -1 : b.coefficient > 0n ? 1 : 0;
  if (signA !== signB) return signA - signB;
  if (signA === 0) return 0;
  const digitsA = digitsOf(a.coefficient);
  const digitsB = digitsOf(b.coefficient);
  const magnitude = digitsA.length + a.exponent - (digitsB.length + b.exponent);
  if (magnitude !== 0) return magnitude * signA;
  // Same power of ten before the point: the digit strings compare as text, the shorter padded with zeros.
  if (digitsA === digitsB) return 0;
  const width = Math.max(digitsA.length, digitsB.length);
  return digitsA.padEnd(width, '0') < digitsB.padEnd(width, '0') ? -signA : signA;
}
