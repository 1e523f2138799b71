import type { BuiltinContext, BuiltinOutcome } from '../../src/builtins/index.ts';
import { BUILTINS, BuiltinError } from '../../src/builtins/index.ts';
import type { Value } from '../../src/value/index.ts';
import { toJson, typeName } from '../../src/value/index.ts';

/** A context that answers the same every time and keeps what was printed and traced. */
export function callContext(
  overrides: Partial<BuiltinContext> = {},
): BuiltinContext & { readonly lines: string[] } {
  const lines: string[] = [];
  let drawn = 0;
  return {
    timeNs: 1_700_000_000_123_456_789n,
    random: () => (drawn++ % 10) / 10,
    memo: new Map(),
    printed: (message) => lines.push(message),
    testCase: () => undefined,
    traced: (message) => lines.push(`trace: ${message}`),
    runtime: { env: {} },
    spend: () => undefined,
    allocate: () => undefined,
    cancelled: () => false,
    lines,
    ...overrides,
  };
}

/** Calls a builtin of the table. */
export function call(name: string, ...operands: Value[]): BuiltinOutcome {
  return BUILTINS[name]!.implementation(callContext(), ...operands);
}

/** An outcome as one line: `set [1,2]`, `eval_type_error: …`, `undefined`. */
export function shown(outcome: BuiltinOutcome): string {
  if (outcome === undefined) return 'undefined';
  if (outcome instanceof BuiltinError) return `${outcome.code}: ${outcome.message}`;
  return `${typeName(outcome)} ${toJson(outcome)}`;
}
