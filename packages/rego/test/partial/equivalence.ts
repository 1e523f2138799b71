import type { JsonObject, Policy, QueryResult, Value } from '../../src/index.ts';
import { compilePolicy, fromJson, prepareResidue } from '../../src/index.ts';
import { nodeCrypto } from '../../src/node.ts';
import { textProgram } from '../differential/minimise.ts';
import { ofBindings } from '../differential/outcome.ts';
import type { GeneratedProgram } from '../differential/program.ts';

/** How the residue of a program's queries compared with their full evaluation. */
export interface EquivalenceReport {
  compared: number;
  defined: number;
  /** Residues that ask nothing, or always hold: decided without the unknown. */
  decided: number;
  readonly differences: string[];
}

const LIMITS = { deadlineMs: 2_000, operationsMax: 500_000 };

/** Partially evaluates each query of a program with the input, or part of it, unknown; then evaluates what is left. */
export function compareResidues(
  program: GeneratedProgram,
  unknowns: readonly string[],
  report: EquivalenceReport,
): void {
  const text = textProgram(program);
  const sources = Object.entries(text.modules).map(([file, source]) => ({
    file,
    text: source,
    version: text.regoVersion,
  }));
  const { policy } = compilePolicy(sources, { backend: 'closures' });
  if (policy === undefined) return;
  const data = fromJson(text.data) as JsonObject;
  const inputs = [...new Set(text.questions.map(({ input }) => input))].map((one) =>
    one === undefined ? undefined : fromJson(one),
  );
  const queries = new Set(
    text.questions.map(({ query, path }) => (path === undefined ? query : `x = ${query}`)),
  );
  for (const query of queries) compareQuery(policy, query, { data, inputs, unknowns }, report);
}

interface Given {
  readonly data: JsonObject;
  readonly inputs: readonly (Value | undefined)[];
  readonly unknowns: readonly string[];
}

function compareQuery(
  policy: Policy,
  query: string,
  { data, inputs, unknowns }: Given,
  report: EquivalenceReport,
): void {
  const prepared = policy.prepareQuery(query).query;
  if (prepared === undefined) return;
  const options = { data, timeNs: 1n, host: { crypto: nodeCrypto }, ...LIMITS };
  const given = unknowns.includes('input') ? undefined : inputs[0];
  const residue = policy.partial(query, {
    ...options,
    unknowns,
    ...(given !== undefined && { input: given }),
  });
  if (residue.kind === 'error') return;
  if (residue.kind === 'refused') throw new Error(residue.diagnostics[0]?.message);
  if (residue.queries.length === 0 || residue.queries.some(({ text }) => text === 'true'))
    report.decided += 1;
  let left: ReturnType<typeof prepareResidue>;
  try {
    left = prepareResidue(residue, policy);
  } catch (caught) {
    report.differences.push(`${query}: ${String(caught)}\n${shownResidue(residue)}`);
    return;
  }
  for (const input of given === undefined ? inputs : [given]) {
    const whole = prepared.evaluate(input, options);
    // An error of the whole (a conflict of rules) need not come up where rules are put in place.
    if (whole.kind === 'error') continue;
    // What was known is not given again, unless the policy itself is needed.
    const later = residue.needsPolicy
      ? left.evaluate(input, options)
      : left.evaluate(input, { ...options, data: unknowns.includes('data.d') ? { d: data['d']! } : {} });
    report.compared += 1;
    if (whole.bindings.length > 0) report.defined += 1;
    if (!sameBindings(whole, later)) {
      report.differences.push(
        `${query}\n  whole ${shown(whole)}\n  later ${shown(later)}\n  input ${JSON.stringify(input)}\n${shownResidue(residue)}`,
      );
    }
  }
}

function sameBindings(a: QueryResult, b: QueryResult): boolean {
  return JSON.stringify(ofBindings(a)) === JSON.stringify(ofBindings(b));
}

function shown(result: QueryResult): string {
  return JSON.stringify(ofBindings(result));
}

function shownResidue(residue: Extract<ReturnType<Policy['partial']>, { kind: 'residue' }>): string {
  const parts = [
    ...residue.queries.map(({ text }) => `  query ${text}`),
    ...residue.support.map(({ text }) => text),
  ];
  return parts.join('\n');
}
