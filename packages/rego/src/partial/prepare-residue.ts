import type { EvaluationOptions, QueryResult } from '../eval/evaluation.ts';
import type { Policy, PreparedBindings } from '../policy.ts';
import { compileModules } from '../policy.ts';
import { memberKey } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import type { Residue } from './residue.ts';

/**
 * Compiles what partial evaluation left, to be evaluated once the unknown is known: the bindings of all its bodies.
 *
 * @param policy the policy that the residue is one of; asked for its modules where the residue needs them
 */
export function prepareResidue(residue: Residue, policy: Policy): PreparedBindings {
  const modules = residue.support.map(({ module }) => module);
  const all = residue.needsPolicy ? [...policy.modules, ...modules] : modules;
  const compiled = compileModules(all, { skip: ['types', 'deprecated'] });
  if (compiled.policy === undefined)
    throw new Error(`the residue does not compile: ${compiled.diagnostics[0]?.message}`);
  const queries = residue.queries.map(({ text }) => {
    const { query, diagnostics } = compiled.policy!.prepareQuery(text);
    if (query === undefined)
      throw new Error(`the residue does not compile: ${text}: ${diagnostics[0]?.message}`);
    return query;
  });
  return { evaluate: (input, options) => evaluateAll(queries, residue.variables, input, options) };
}

function evaluateAll(
  queries: readonly PreparedBindings[],
  variables: readonly string[],
  input: Value | undefined,
  options: EvaluationOptions | undefined,
): QueryResult {
  const found = new Map<unknown, Readonly<Record<string, Value>>>();
  for (const query of queries) {
    const result = query.evaluate(input, options);
    if (result.kind === 'error') return result;
    for (const all of result.bindings) {
      const known = variables.filter((name) => all[name] !== undefined);
      const bindings = Object.fromEntries(known.map((name) => [name, all[name]!]));
      found.set(memberKey(bindings), bindings);
    }
  }
  return { kind: 'bindings', bindings: [...found.values()], rules: [] };
}
