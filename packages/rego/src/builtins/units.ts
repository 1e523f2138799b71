import type { Decimal } from '../value/index.ts';
import {
  floatFromDecimal,
  multiplyFloats,
  numberFromBigInt,
  numberFromDecimal,
  parseDecimal,
  truncateFloat,
} from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import type { Family } from './define.ts';
import { fault } from './fault.ts';

const POWERS: readonly string[] = ['k', 'm', 'g', 't', 'p', 'e'];

/** Factors of the units, by lower-case name: `k`, `kb` are 1000, `ki`, `kib` 1024. */
const FACTORS: ReadonlyMap<string, bigint> = new Map([
  ['', 1n],
  ...POWERS.flatMap((name, index): [string, bigint][] => [
    [name, 1000n ** BigInt(index + 1)],
    [`${name}i`, 1024n ** BigInt(index + 1)],
  ]),
]);

/** OPA takes a thousandth from the double 0.001, which is this many parts of 2^60 ... */
const MILLI_ABOVE = 1_152_921_504_606_847n;
const MILLI_BELOW = 2n ** 60n;
/** ... and writes fractions with this many places. */
const FRACTION_PLACES = 10;

const EXPONENT_DIGITS_MAX = 6;

interface Quantity {
  readonly amount: Decimal;
  readonly unit: string;
}

/** Splits `10.5Mi` into amount and unit; a text where it cannot be read. */
function read(text: string): Quantity | string {
  if (text.includes(' ')) return 'spaces not allowed in resource strings';
  const match = /^(?:[\d.+-]|[eE](?=[\d+-]))*/.exec(text)!;
  const number = match[0];
  if (number === '') return 'no amount provided';
  const exponent = /[eE][+-]?(\d+)/.exec(number);
  if (exponent !== null && exponent[1]!.length > EXPONENT_DIGITS_MAX) return 'exponent too large';
  const isNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(number);
  const plain = number.replace(/^([+-]?)\./, '$10.').replace(/\.(?=$|[eE])/, '');
  const amount = isNumber ? parseDecimal(plain) : undefined;
  if (amount === undefined) return 'could not parse amount to a number';
  return { amount, unit: text.slice(number.length) };
}

/** Larger amounts would make integers of more digits than a number may have. */
const AMOUNT_EXPONENT_MAX = 30_000;

function parse(_context: BuiltinContext, text: string): BuiltinOutcome {
  const quantity = read(text.replaceAll('"', ''));
  if (typeof quantity === 'string') return fault(`units.parse: ${quantity}`);
  const { amount, unit } = quantity;
  if (Math.abs(amount.exponent) > AMOUNT_EXPONENT_MAX) return fault('units.parse: exponent too large');
  if (unit === 'm') return thousandths(amount);
  const isLower = unit.slice(1) !== '' || /^[kKgGtTpPeEM]?$/.test(unit);
  const factor = isLower ? FACTORS.get(unit.toLowerCase()) : undefined;
  if (factor === undefined) return fault(`units.parse: unit ${unit} not recognized`);
  return numberFromDecimal(...rounded(amount.coefficient * factor, amount.exponent));
}

/** At most ten places, half away from zero. */
function rounded(coefficient: bigint, exponent: number): [bigint, number] {
  if (exponent >= -FRACTION_PLACES) return [coefficient, exponent];
  return [divideRounded(coefficient, 10n ** BigInt(-exponent - FRACTION_PLACES)), -FRACTION_PLACES];
}

function divideRounded(above: bigint, below: bigint): bigint {
  const size = above < 0n ? -above : above;
  const quotient = (size * 2n + below) / (below * 2n);
  return above < 0n ? -quotient : quotient;
}

function thousandths({ coefficient, exponent }: Decimal): BuiltinOutcome {
  const above = coefficient * MILLI_ABOVE * 10n ** BigInt(Math.max(exponent, 0) + FRACTION_PLACES);
  const below = MILLI_BELOW * 10n ** BigInt(Math.max(-exponent, 0));
  return numberFromDecimal(divideRounded(above, below), -FRACTION_PLACES);
}

function parseBytes(_context: BuiltinContext, text: string): BuiltinOutcome {
  const quantity = read(text.toLowerCase().replaceAll('"', ''));
  if (typeof quantity === 'string') {
    const problem = quantity
      .replace('no amount', 'no byte amount')
      .replace('parse amount', 'parse byte amount');
    return fault(`units.parse_bytes: ${problem}`);
  }
  const { amount, unit } = quantity;
  if (Math.abs(amount.exponent) > AMOUNT_EXPONENT_MAX) return fault('units.parse_bytes: exponent too large');
  const factor = FACTORS.get(unit.endsWith('b') ? unit.slice(0, -1) : unit);
  if (factor === undefined || unit === 'b')
    return fault(`units.parse_bytes: byte unit ${unit} not recognized`);
  const size = multiplyFloats(
    floatFromDecimal(amount),
    floatFromDecimal({ coefficient: factor, exponent: 0 }),
  );
  return numberFromBigInt(truncateFloat(size));
}

/** Amounts with units. Source: OPA's `topdown/parse_units.go`, `parse_bytes.go`. */
export const UNITS: Family = { 'units.parse': parse, 'units.parse_bytes': parseBytes };
