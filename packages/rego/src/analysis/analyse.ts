import type { CustomBuiltins } from '../builtins/index.ts';
import { bindCustomBuiltins } from '../builtins/index.ts';
import type { Body, Module } from '../syntax/ast.ts';
import type { Diagnostic } from '../syntax/diagnostic.ts';
import type { RuleTwin } from '../syntax/rule-template.ts';
import { each, finish, type Steps } from '../syntax/steps.ts';
import { arityLookup, checkBodyCalls } from './check-calls.ts';
import type { Callee, CoreBody, CoreRule, Variable } from './core.ts';
import type { DocumentNode } from './documents.ts';
import { documentTree } from './documents.ts';
import { expandBody } from './expand.ts';
import { hoistBody } from './hoist.ts';
import { typeMend } from './mends.ts';
import type { Globals, PolicyNames } from './names.ts';
import { Report } from './report.ts';
import { resolveQuery } from './resolve.ts';
import type { RuleGraph } from './rule-graph.ts';
import { orderQuery } from './safety.ts';
import type { AnalysisOptions, Work } from './stages.ts';
import { builtinLookup, STAGES } from './stages.ts';
import { takeValues } from './take-values.ts';
import { isTwin } from './twin-rule.ts';
import type { MaybeType } from './types/type.ts';
import type { TypeFault } from './types/type-errors.ts';
import { WithFaults } from './with-faults.ts';

/** An analysed policy: everything resolved, checked and put in order; what the planner takes over. */
export interface AnalysedPolicy {
  readonly names: PolicyNames;
  readonly rules: readonly CoreRule[];
  readonly root: DocumentNode;
  readonly graph: RuleGraph;
  readonly arityOf: (callee: Callee) => number | undefined;
  /** Under the capabilities that the policy was analysed with. */
  readonly isBuiltin: (name: string) => boolean;
  readonly checkQueryTypes: (body: CoreBody) => readonly TypeFault[];
  readonly typeAt: (path: readonly string[]) => MaybeType;
  readonly customs?: CustomBuiltins | undefined;
}

/** Runs all stages over parsed modules. */
export function analyse(
  modules: readonly Module[],
  options: AnalysisOptions = {},
): {
  readonly policy?: AnalysedPolicy;
  readonly diagnostics: readonly Diagnostic[];
} {
  return finish(analyseSteps(modules, options));
}

/**
 * As {@link analyse}; with the rules of each module that are like others in it. Of these nothing wrong is found: where
 * there are diagnostics, the whole text has to be looked at.
 */
export function* analyseSteps(
  modules: readonly Module[],
  options: AnalysisOptions,
  twins: readonly (readonly RuleTwin[])[] = [],
): Steps<ReturnType<typeof analyse>> {
  const report = new Report();
  const names: PolicyNames = {
    globals: [],
    functions: new Map(),
    virtual: new Set(),
    rules: new Set(),
    defined: new Set(),
  };
  const root = yield* documentTree([], []);
  const customs = bindCustomBuiltins(options.builtins);
  const work: Work = {
    modules,
    options,
    customs,
    report,
    withFaults: new WithFaults(),
    usedBuiltins: new Set(),
    names,
    twins,
    rules: [],
    distinct: [],
    root,
    graph: new Map(),
    checkQueryTypes: () => [],
    typeAt: () => undefined,
  };
  const skipped: readonly string[] = options.skip ?? [];
  for (const stage of STAGES) {
    if (skipped.includes(stage.name)) continue;
    yield* stage.run(work) ?? [];
    // Code that runs for the first time takes its time, however few rules there are.
    yield;
    if (report.stopped) break;
  }
  if (report.failed) return { diagnostics: report.diagnostics };
  const { rules } = work;
  const graph = yield* graphWithTwins(work.graph, rules);
  const policy = {
    names: work.names,
    rules,
    root: work.root,
    graph,
    arityOf: arityLookup(work.names),
    isBuiltin: builtinLookup(work),
    checkQueryTypes: work.checkQueryTypes,
    typeAt: work.typeAt,
    customs,
  };
  return { policy, diagnostics: report.diagnostics };
}

/** What a rule needs, those need that are like it. */
function* graphWithTwins(graph: RuleGraph, rules: readonly CoreRule[]): Steps<RuleGraph> {
  if (graph.size === rules.length) return graph;
  const whole = new Map(graph);
  yield* each(rules, (rule) => {
    if (isTwin(rule)) whole.set(rule, graph.get(rule.twinOf) ?? []);
  });
  return whole;
}

/** A query with its names resolved and nothing else done to it. */
export function resolveOnly(
  body: Body,
  { names, customs, isBuiltin }: AnalysedPolicy,
  globals: Globals,
): { readonly body: CoreBody; readonly diagnostics: readonly Diagnostic[] } {
  const report = new Report(false);
  const withFaults = new WithFaults();
  const resolved = resolveQuery(body, globals, { names, report, withFaults, isBuiltin, customs });
  return { body: resolved.body, diagnostics: report.diagnostics };
}

/**
 * Analyses a query against a policy.
 *
 * @param captures whether the value of each of its expressions is taken into a variable, and looked at when the whole
 *   query has an answer: so OPA evaluates queries
 */
export function analyseQuery(
  body: Body,
  policy: AnalysedPolicy,
  globals: Globals,
  captures = false,
): {
  readonly query?: { readonly body: CoreBody; readonly variables: ReadonlyMap<string, Variable> };
  readonly diagnostics: readonly Diagnostic[];
} {
  const report = new Report(false);
  const { arityOf, names, customs, isBuiltin } = policy;
  const withFaults = new WithFaults();
  const resolved = resolveQuery(body, globals, { names, report, withFaults, isBuiltin, customs });
  if (report.failed) return { diagnostics: report.diagnostics };
  const captured = captures ? takeValues(resolved.body, arityOf) : resolved.body;
  const expanded = expandBody(captured);
  for (const { code, message, location } of withFaults.all) report.error(code, message, location);
  if (report.failed) return { diagnostics: report.diagnostics };
  checkBodyCalls(expanded, { report, arityOf, names, packagePath: [] });
  if (report.failed) return { diagnostics: report.diagnostics };
  const ordered = orderQuery(expanded, { arityOf, report });
  if (report.failed) return { diagnostics: report.diagnostics };
  for (const fault of policy.checkQueryTypes(ordered)) {
    report.recoverable('rego_type_error', fault.message, fault.location, typeMend(fault));
  }
  if (report.failed) return { diagnostics: report.diagnostics };
  return {
    query: { body: hoistBody(ordered, true), variables: resolved.variables },
    diagnostics: report.diagnostics,
  };
}
