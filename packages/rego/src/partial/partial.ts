import type { AnalysedPolicy } from '../analysis/analyse.ts';
import type { CoreBody, CoreExpression, CoreTerm, Variable } from '../analysis/core.ts';
import { generatedVariable, variableTerm } from '../analysis/core.ts';
import { equalExpression } from '../analysis/expand.ts';
import { pathKey } from '../analysis/names.ts';
import type { EvaluationError, QueryResult } from '../eval/evaluation.ts';
import type { Value } from '../value/value.ts';
import { bodySource, Names } from './print.ts';
import { Residual } from './residual.ts';
import { State } from './state.ts';
import { SupportRules } from './support.ts';
import { mapExpression } from './tree.ts';
import { Unfolding } from './unfold.ts';
import type { UnknownPath } from './unknowns.ts';
import { Unknowns } from './unknowns.ts';

/** Ends a partial evaluation that takes more steps than this, where no other number is given. */
export const PARTIAL_STEPS_MAX_DEFAULT = 200_000;

/** What is left of a query, as text. */
export interface PartialSources {
  readonly kind: 'residue';
  /** Bodies: one that holds is enough. */
  readonly queries: readonly string[];
  /** The query's own variables by name. */
  readonly variables: readonly string[];
  /** Modules that the bodies refer to. */
  readonly support: readonly string[];
  /** Whether the bodies or the supporting modules need the policy's own modules, and what was known, as well. */
  readonly needsPolicy: boolean;
}

/** What partial evaluation is given beside the query. */
export interface PartialSettings {
  readonly unknowns: readonly UnknownPath[];
  /** Whether calls of non-deterministic builtins are evaluated. */
  readonly nondeterministic: boolean;
  readonly notInlined: readonly (readonly string[])[];
  readonly shallow: boolean;
  readonly stepsMax: number;
  /** Evaluates a body over what is known. */
  readonly evaluate: (body: CoreBody, variables: ReadonlyMap<string, Variable>) => QueryResult;
}

/** Carries an error of an evaluation out of the middle of another one. */
class PartialFault {
  readonly error: EvaluationError;

  constructor(error: EvaluationError) {
    this.error = error;
  }
}

/** Evaluates a query as far as what is known allows. */
export function evaluatePartially(
  policy: AnalysedPolicy,
  query: { readonly body: CoreBody; readonly variables: ReadonlyMap<string, Variable> },
  settings: PartialSettings,
): PartialSources | EvaluationError {
  const support = new SupportRules(policy.root);
  const unknowns = new Unknowns(policy, settings.unknowns, settings.nondeterministic);
  const evaluate = evaluationOver(settings);
  const knownValue = (ref: CoreTerm): Value | undefined => {
    const variable: Variable = { name: 'value', origin: 'generated' };
    return evaluate(equalExpression(variableTerm(variable, ref.location), ref, []), [variable])[0]?.[0];
  };
  const residual = new Residual(unknowns, support, knownValue);
  const notInlined = new Set(settings.notInlined.map(pathKey));
  let steps = 0;
  const unfolding = new Unfolding({
    policy,
    unknowns,
    residual,
    evaluate,
    shallow: settings.shallow,
    isInlined: (path) => !path.some((_step, at) => notInlined.has(pathKey(path.slice(0, at + 1)))),
    step: () => {
      steps += 1;
      if (steps > settings.stepsMax) throw new PartialFault(tooManySteps());
    },
  });
  try {
    const queries = new Set<string>();
    unfolding.body(query.body, new State(), 0, (state) => {
      queries.add(querySource(state, query.variables, policy));
    });
    const modules = support.modules(unfolding, residual, policy.arityOf);
    return {
      kind: 'residue',
      queries: [...queries],
      variables: [...query.variables.keys()],
      support: modules,
      needsPolicy: support.needsOriginals,
    };
  } catch (caught) {
    if (caught instanceof PartialFault) return caught.error;
    throw caught;
  }
}

function tooManySteps(): EvaluationError {
  return {
    kind: 'error',
    code: 'eval_cancel_error',
    message: 'partial evaluation exceeded its budget of steps',
  };
}

/** The answers of an expression as values of some variables. */
function evaluationOver({ evaluate }: PartialSettings) {
  return (expression: CoreExpression, variables: readonly Variable[]): readonly (readonly Value[])[] => {
    // Whatever a variable is called, its value is wanted: that of a wildcard would be dropped.
    const wanted = new Map(variables.map((variable) => [variable, generatedVariable()]));
    const asked = mapExpression(expression, (term) => {
      const variable = term.kind === 'variable' ? wanted.get(term.variable) : undefined;
      return variable && variableTerm(variable, term.location);
    });
    const named = new Map([...wanted.values()].map((variable, at) => [`v${at}`, variable]));
    const result = evaluate([asked], named);
    if (result.kind === 'error') throw new PartialFault(result);
    return result.bindings.map((bindings) => [...named.keys()].map((name) => bindings[name]!));
  };
}

function querySource(
  state: State,
  variables: ReadonlyMap<string, Variable>,
  { arityOf }: AnalysedPolicy,
): string {
  const names = new Names(arityOf, variables.values());
  const bound: CoreExpression[] = [];
  for (const variable of variables.values()) {
    const [first] = state.saved;
    const location = first?.location ?? { file: 'query', row: 1, column: 1, start: 0, end: 0 };
    const term = state.term(variableTerm(variable, location));
    if (term.kind === 'variable' && term.variable === variable) continue;
    bound.push(equalExpression(variableTerm(variable, location), term, []));
  }
  return bodySource([...bound, ...state.saved.map((expression) => state.expression(expression))], names);
}
