import { isKnownBuiltin } from '../builtins/index.ts';
import type { Body, Module } from '../syntax/ast.ts';
import type { Diagnostic } from '../syntax/diagnostic.ts';
import { arityLookup, checkBodyCalls, checkRuleCalls } from './check-calls.ts';
import { checkImports } from './check-imports.ts';
import type { RuleGraph } from './check-recursion.ts';
import { checkRecursion, ruleGraph } from './check-recursion.ts';
import type { Callee, CoreBody, CoreRule, Variable } from './core.ts';
import type { DocumentNode } from './documents.ts';
import { checkConflicts, documentTree } from './documents.ts';
import { expandBody, expandRule } from './expand.ts';
import { hoistBody, hoistNestedBodies } from './hoist.ts';
import type { Globals, PolicyNames } from './names.ts';
import { policyNames } from './names.ts';
import { Report } from './report.ts';
import { resolveModule, resolveQuery } from './resolve.ts';
import { checkRuleSafety, orderQuery } from './safety.ts';
import { checkRuleTypes } from './types/check-rules.ts';

/** An analysed policy: everything resolved, checked and put in order; what the planner takes over. */
export interface AnalysedPolicy {
  readonly names: PolicyNames;
  readonly rules: readonly CoreRule[];
  readonly root: DocumentNode;
  readonly graph: RuleGraph;
  readonly arityOf: (callee: Callee) => number | undefined;
}

/** What the stages work on; each adds its part. */
interface Work {
  readonly modules: readonly Module[];
  readonly report: Report;
  names: PolicyNames;
  rules: CoreRule[];
  root: DocumentNode;
  graph: RuleGraph;
}

interface Stage {
  readonly name: string;
  /** Stages that must have run before. */
  readonly needs: readonly string[];
  readonly gives: string;
  readonly run: (work: Work) => void;
}

/** The stages in their order (after OPA's `ast/compile.go`); the first one that finds errors is the last to run. */
export const STAGES: readonly Stage[] = [
  {
    name: 'imports',
    needs: [],
    gives: 'no import hides another',
    run: ({ modules, report }) => {
      for (const module of modules) checkImports(module, report);
    },
  },
  {
    name: 'resolve',
    needs: [],
    gives: 'rules whose names are variables, references and callees',
    run: (work) => {
      work.names = policyNames(work.modules);
      const options = { names: work.names, report: work.report, isBuiltin: isKnownBuiltin };
      work.rules = work.modules.flatMap((module, index) =>
        resolveModule(module, work.names.globals[index]!, options),
      );
    },
  },
  {
    name: 'expand',
    needs: ['resolve'],
    gives: 'rules without calls inside terms',
    run: ({ rules }) => {
      rules.forEach(expandRule);
    },
  },
  {
    name: 'conflicts',
    needs: ['resolve'],
    gives: 'the tree of documents, in which rules of one path fit together',
    run: (work) => {
      const packages = work.modules.map((module) => module.package);
      work.root = documentTree(
        work.rules,
        packages.map((one) => one.path),
      );
      checkConflicts(work.root, packages, work.report);
    },
  },
  {
    name: 'calls',
    needs: ['expand'],
    gives: 'calls of what exists, with the right number of arguments',
    run: ({ rules, names, report, modules }) => {
      const arityOf = arityLookup(names);
      const versions = new Map(modules.map((module) => [module.file, refusesDeprecated(module)]));
      for (const rule of rules) {
        const check = { names, report, arityOf, refusesDeprecated: versions.get(rule.file) ?? true };
        checkRuleCalls(rule, check);
      }
    },
  },
  {
    name: 'safety',
    needs: ['calls'],
    gives: 'bodies in an order in which every variable has a value before it is needed',
    run: ({ rules, names, report }) => {
      const arityOf = arityLookup(names);
      for (const rule of rules) checkRuleSafety(rule, { arityOf, report });
    },
  },
  {
    name: 'hoist',
    needs: ['safety'],
    gives: 'negated expressions without references inside their arguments',
    run: ({ rules }) => {
      for (const rule of rules) {
        for (const branch of rule.branches) branch.body = hoistBody(branch.body);
        for (const term of [...rule.tail, rule.key, ...rule.branches.map((branch) => branch.value)]) {
          if (term !== undefined) hoistNestedBodies(term);
        }
      }
    },
  },
  {
    name: 'recursion',
    needs: ['conflicts', 'calls'],
    gives: 'the graph of rules, without cycles',
    run: (work) => {
      work.graph = ruleGraph(work.rules, work.root);
      checkRecursion(work.root, work.graph, work.report);
    },
  },
  {
    name: 'types',
    needs: ['recursion', 'safety'],
    gives: 'expressions whose operands can have the types that they need',
    run: ({ graph, report }) => {
      for (const { message, location, details } of checkRuleTypes(graph)) {
        report.recoverable('rego_type_error', message, location, details && { details });
      }
    },
  },
];

function refusesDeprecated(module: Module): boolean {
  return module.version !== 0 || module.imports.some(({ path }) => path.join('.') === 'rego.v1');
}

/** Runs all stages over parsed modules. */
export function analyse(modules: readonly Module[]): {
  readonly policy?: AnalysedPolicy;
  readonly diagnostics: readonly Diagnostic[];
} {
  const report = new Report();
  const names: PolicyNames = { globals: [], functions: new Map(), virtual: new Set(), rules: new Set() };
  const work: Work = { modules, report, names, rules: [], root: documentTree([], []), graph: new Map() };
  for (const stage of STAGES) {
    stage.run(work);
    if (report.stopped) break;
  }
  if (report.failed) return { diagnostics: report.diagnostics };
  const { rules, root, graph } = work;
  const policy = { names: work.names, rules, root, graph, arityOf: arityLookup(work.names) };
  return { policy, diagnostics: report.diagnostics };
}

/** Analyses a query against a policy. */
export function analyseQuery(
  body: Body,
  policy: AnalysedPolicy,
  globals: Globals,
): {
  readonly query?: { readonly body: CoreBody; readonly variables: ReadonlyMap<string, Variable> };
  readonly diagnostics: readonly Diagnostic[];
} {
  const report = new Report();
  const options = { names: policy.names, report, isBuiltin: isKnownBuiltin };
  const resolved = resolveQuery(body, globals, options);
  if (report.failed) return { diagnostics: report.diagnostics };
  const expanded = expandBody(resolved.body);
  const { names, arityOf } = policy;
  checkBodyCalls(expanded, { names, report, arityOf, refusesDeprecated: false });
  if (report.failed) return { diagnostics: report.diagnostics };
  const ordered = orderQuery(expanded, { arityOf, report });
  if (report.failed) return { diagnostics: report.diagnostics };
  return {
    query: { body: hoistBody(ordered, true), variables: resolved.variables },
    diagnostics: report.diagnostics,
  };
}
