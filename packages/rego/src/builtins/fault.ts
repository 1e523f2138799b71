import type { TypeName, Value } from '../value/index.ts';
import { typeName } from '../value/index.ts';
import { BuiltinError } from './builtin.ts';

/** A failure of the builtin itself; the builtin's name is put in front where it is called. */
export function fault(message: string): BuiltinError {
  return new BuiltinError('eval_builtin_error', message);
}

/** A failure that ends the evaluation. */
export function cancelled(message: string): BuiltinError {
  return new BuiltinError('eval_cancel_error', message);
}

/** An operand that cannot be used; positions count from 1. */
export function operandFault(position: number, problem: string): BuiltinError {
  return new BuiltinError('eval_type_error', `operand ${position} ${problem}`);
}

/** An operand of the wrong type. */
export function typeFault(position: number, got: Value, ...expected: string[]): BuiltinError {
  const wanted = expected.length === 1 ? expected[0]! : `one of {${expected.join(', ')}}`;
  return operandFault(position, `must be ${wanted} but got ${typeName(got)}`);
}

/** A composite operand that holds something of the wrong type. */
export function elementFault(
  position: number,
  composite: Value,
  got: Value,
  ...expected: string[]
): BuiltinError {
  const whole: TypeName = typeName(composite);
  const wanted =
    expected.length === 1 ? `${whole} of ${expected[0]}s` : `${whole} of (any of) {${expected.join(', ')}}`;
  return operandFault(position, `must be ${wanted} but got ${whole} containing ${typeName(got)}`);
}

/** An operand outside the values allowed. */
export function enumFault(position: number, ...expected: string[]): BuiltinError {
  return operandFault(
    position,
    expected.length === 1 ? `must be ${expected[0]}` : `must be one of {${expected.join(', ')}}`,
  );
}
