import type { Value } from '../value/index.ts';
import type { Builtin, BuiltinContext, BuiltinOutcome, BuiltinSignature } from './builtin.ts';
import { bindBuiltin } from './define.ts';

/**
 * A builtin that the caller of the engine brings. Its operands are checked against their types before it is called,
 * and by the type checker where the policy is compiled. One with the name of a builtin of the language takes its place.
 */
export interface CustomBuiltin extends Omit<BuiltinSignature, 'infix' | 'variadic' | 'relation'> {
  /**
   * Gives a value, nothing (the call is undefined) or a failure. It must not change its operands.
   *
   * @param context time, randomness and whether the evaluation ought to stop
   */
  readonly call: (context: BuiltinContext, ...operands: Value[]) => BuiltinOutcome;
}

/** Such builtins by name. */
export type CustomBuiltins = ReadonlyMap<string, Builtin>;

/** Makes them callable; the last one of a name counts. */
export function bindCustomBuiltins(
  builtins: readonly CustomBuiltin[] | undefined,
): CustomBuiltins | undefined {
  if (builtins === undefined || builtins.length === 0) return undefined;
  return new Map(
    builtins.map(({ call, ...signature }) => [signature.name, bindBuiltin(signature, { call })]),
  );
}
