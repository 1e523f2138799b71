import type { Value } from '../value/index.ts';
import { numberFromBigInt } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import type { Definition, Family } from './define.ts';
import { fault, operandFault } from './fault.ts';
import { bigIntOperand } from './operand.ts';

/** Left shifts beyond this, and shifts of numbers that are longer, are refused: OPA reads no such number either. */
const SHIFT_MAX = 100_000n;

function binary(operation: (a: bigint, b: bigint) => bigint | BuiltinError): Definition {
  return {
    checked: 0,
    call: (_context: BuiltinContext, a: Value, b: Value): BuiltinOutcome => {
      const first = bigIntOperand(a, 1);
      if (first instanceof BuiltinError) return first;
      const second = bigIntOperand(b, 2);
      if (second instanceof BuiltinError) return second;
      const result = operation(first, second);
      return result instanceof BuiltinError ? result : numberFromBigInt(result);
    },
  };
}

const NEGATIVE = 'must be an unsigned integer number but got a negative integer';

function shiftLeft(a: bigint, b: bigint): bigint | BuiltinError {
  if (b < 0n) return operandFault(2, NEGATIVE);
  const isTooLarge =
    b > SHIFT_MAX || (b > 0n && a >> (SHIFT_MAX * 4n) !== 0n && a >> (SHIFT_MAX * 4n) !== -1n);
  return isTooLarge ? fault('shift too large') : a << b;
}

function shiftRight(a: bigint, b: bigint): bigint | BuiltinError {
  if (b < 0n) return operandFault(2, NEGATIVE);
  return b > SHIFT_MAX ? (a < 0n ? -1n : 0n) : a >> b;
}

function negate(_context: BuiltinContext, a: Value): BuiltinOutcome {
  const value = bigIntOperand(a, 1);
  return value instanceof BuiltinError ? value : numberFromBigInt(~value);
}

/** Bits of integers in two's complement. Source: OPA's `topdown/bits.go`. */
export const BITS: Family = {
  'bits.and': binary((a, b) => a & b),
  'bits.or': binary((a, b) => a | b),
  'bits.xor': binary((a, b) => a ^ b),
  'bits.lsh': binary(shiftLeft),
  'bits.rsh': binary(shiftRight),
  'bits.negate': { call: negate, checked: 0 },
};
