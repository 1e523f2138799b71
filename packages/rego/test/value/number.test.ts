import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NumberValue } from '../../src/value/index.ts';
import {
  abs,
  add,
  bigIntOf,
  ceil,
  compareNumbers,
  divide,
  equalNumbers,
  floor,
  multiply,
  numberFromText,
  numberText,
  productOf,
  RegoNumber,
  remainder,
  round,
  subtract,
  sumOf,
} from '../../src/value/index.ts';
import { numberText as anyText } from './arbitrary-value.ts';

const read = (text: string): NumberValue => numberFromText(text)!;
const shown = (value: NumberValue | string): string =>
  typeof value === 'string' ? value : numberText(value);

describe('numbers', () => {
  it.each([
    ['42', 42],
    ['0.1', 0.1],
    ['1.50', 1.5],
    ['35e-1', 3.5],
    ['1e3', 1000],
    ['-0', 0],
    ['1e23', 1e23],
    ['123456789012345680000', 123456789012345680000],
  ])('%s is a double', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it.each(['9007199254740993', '1e400', '0.33333333333333333334', '-18446744073709551617', '1e-400'])(
    '%s is exact beyond a double',
    (text) => {
      const value = read(text);
      expect(value).toBeInstanceOf(RegoNumber);
      expect(compareNumbers(value, read(numberText(value)))).toBe(0);
    },
  );

  it.each(['', 'x', '1.', '.5', '1e', '--1', '0x10', '1 ', '1e65536', '1e-65536', '1e999999999'])(
    'refuses %j',
    (text) => {
      expect(numberFromText(text)).toBeUndefined();
    },
  );

  it('accepts what lies just inside the bound of the exponent', () => {
    expect(numberFromText('1e30102')).toBeDefined();
    expect(numberFromText('1e30103')).toBeUndefined();
  });

  it('one value has one form, whatever text it came from', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const value = read(text);
        const again = read(numberText(value));
        expect(equalNumbers(value, again)).toBe(true);
        expect(typeof value).toBe(typeof again);
      }),
    );
  });

  it('compares exactly, against the difference of scaled integers', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        const scale = (text: string): bigint => {
          const [digits, exponent = '0'] = text.split('e');
          return BigInt(digits!) * 10n ** BigInt(Number(exponent) + 50);
        };
        const difference = scale(a) - scale(b);
        const order = difference < 0n ? -1 : difference > 0n ? 1 : 0;
        expect(Math.sign(compareNumbers(read(a), read(b)))).toBe(order);
      }),
    );
  });
});

describe('arithmetic', () => {
  it.each([
    ['0.1', '0.2', '0.3'],
    ['0.1', '1e-20', '0.10000000000000000001'],
    ['9007199254740993', '1', '9007199254740994'],
    ['1e30', '1', '1000000000000000000000000000001'],
  ])('%s + %s = %s', (a, b, expected) => {
    expect(shown(add(read(a), read(b)))).toBe(expected);
  });

  it.each([
    ['1', '3', '0.33333333333333333334'],
    ['6', '3', '2'],
    ['0', '3', '0'],
    ['1e30', '3', '333333333333333333340000000000'],
    ['1', '0', 'divide by zero'],
    ['1', '0.0', 'divide by zero'],
  ])('%s / %s = %s', (a, b, expected) => {
    expect(shown(divide(read(a), read(b)))).toBe(expected);
  });

  it.each([
    ['-7', '3', '-1'],
    ['7', '-3', '1'],
    ['10', '18446744073709551616', '10'],
    ['1.5', '1', 'modulo on floating-point number'],
    ['1', '0', 'modulo by zero'],
  ])('%s modulo %s is %s', (a, b, expected) => {
    expect(shown(remainder(read(a), read(b)))).toBe(expected);
  });

  it.each([
    [round, '2.5', '3'],
    [round, '-2.5', '-3'],
    [round, '0.49', '0'],
    [ceil, '2.1', '3'],
    [ceil, '-2.1', '-2'],
    [ceil, '-0.5', '1'],
    [floor, '2.9', '2'],
    [floor, '-2.1', '-3'],
    [floor, '-0.5', '0'],
    [floor, '1e30', '1000000000000000000024696061952'],
    [abs, '-1.5', '1.5'],
  ] as const)('rounds as OPA does (%#)', (operation, text, expected) => {
    expect(shown(operation(read(text)))).toBe(expected);
  });

  it('keeps 53 bits in products of fractions and 64 in sums', () => {
    expect(shown(productOf([0.7, 0.1]))).toBe('0.06999999999999999');
    expect(shown(multiply(0.7, 0.1))).toBe('0.07');
    expect(shown(sumOf([0.1, 0.2, 0.3]))).toBe('0.6');
  });

  it('is exact on integers of any size', () => {
    const integer = fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n });
    fc.assert(
      fc.property(integer, integer, (a, b) => {
        const [x, y] = [read(String(a)), read(String(b))];
        expect(bigIntOf(add(x, y))).toBe(a + b);
        expect(bigIntOf(subtract(x, y))).toBe(a - b);
        expect(bigIntOf(multiply(x, y))).toBe(a * b);
        if (b !== 0n) expect(bigIntOf(remainder(x, y) as NumberValue)).toBe(a % b);
      }),
    );
  });

  it('adds and multiplies in either order', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(shown(add(read(a), read(b)))).toBe(shown(add(read(b), read(a))));
        expect(shown(multiply(read(a), read(b)))).toBe(shown(multiply(read(b), read(a))));
      }),
    );
  });
});
