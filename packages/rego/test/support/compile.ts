import type { EvaluationOptions, Policy, Value } from '../../src/index.ts';
import { compilePolicy, toJson } from '../../src/index.ts';
import { compileOnAll } from './back-ends.ts';

/** Compiles modules that must be in order; what is asked is asked of every back end. */
export function policyOf(...texts: readonly string[]): Policy {
  const { policy, diagnostics } = compileOnAll(
    texts.map((text, index) => ({ file: `m${index}.rego`, text })),
  );
  if (policy === undefined)
    throw new Error(diagnostics.map((one) => `${one.code}: ${one.message}`).join('; '));
  return policy;
}

/** The errors of modules, as `row: code: message`. */
export function errorsOf(...texts: readonly string[]): string[] {
  const { diagnostics } = compilePolicy(texts.map((text, index) => ({ file: `m${index}.rego`, text })));
  return diagnostics.map((one) => `${one.location.row}: ${one.code}: ${one.message.split('\n')[0]}`);
}

/** A rule's answer as JSON text, `undefined`, or `code: message`. */
export function answer(
  policy: Policy | string,
  path: string,
  input?: Value,
  options?: EvaluationOptions,
): string {
  const compiled = typeof policy === 'string' ? policyOf(policy) : policy;
  const result = compiled.prepare(path).evaluate(input, options);
  if (result.kind === 'value') return toJson(result.value);
  return result.kind === 'undefined' ? 'undefined' : `${result.code}: ${result.message}`;
}
