import type { CustomBuiltin, CustomBuiltins } from '../builtins/index.ts';
import { isKnownBuiltin, KNOWN_BUILTINS } from '../builtins/index.ts';
import type { Module } from '../syntax/ast.ts';
import type { RuleTwin } from '../syntax/rule-template.ts';
import { each, type Steps } from '../syntax/steps.ts';
import type { JsonObject, Value } from '../value/index.ts';
import type { Capabilities } from './capabilities.ts';
import { checkAnnotations } from './check-annotations.ts';
import { arityLookup, checkDeprecatedCalls, checkRuleCalls, checkVoidCalls } from './check-calls.ts';
import { checkCapabilities } from './check-capabilities.ts';
import { checkConflicts } from './check-conflicts.ts';
import { checkImports, checkReservedNames, isV1Module } from './check-imports.ts';
import { checkShownVariables } from './check-print.ts';
import { checkRecursion } from './check-recursion.ts';
import type { CoreRule } from './core.ts';
import type { DocumentNode } from './documents.ts';
import { checkDataConflicts, documentTree } from './documents.ts';
import { expandRule } from './expand.ts';
import { hoistBody, hoistNestedBodies } from './hoist.ts';
import { typeMend } from './mends.ts';
import type { PolicyNames } from './names.ts';
import { policyNames } from './names.ts';
import type { Report } from './report.ts';
import { resolveModule } from './resolve.ts';
import { METADATA_BUILTINS, resolveMetadata } from './resolve-metadata.ts';
import type { RuleGraph } from './rule-graph.ts';
import { ruleGraph } from './rule-graph.ts';
import { checkHeadSafety, checkRuleSafety } from './safety.ts';
import { nameTestCases } from './test-cases.ts';
import { mergeTwins } from './twin-rule.ts';
import type { CheckedTypes } from './types/check-rules.ts';
import { checkRuleTypes } from './types/check-rules.ts';
import type { SchemaSet } from './types/schema-annotations.ts';
import { SchemaAnnotations } from './types/schema-annotations.ts';
import { schemaType } from './types/schema-type.ts';
import type { Type } from './types/type.ts';
import { RuleScopes } from './unsafe-variables.ts';
import type { WithFaults } from './with-faults.ts';

/** Stages that only refuse and give nothing that later ones need. */
export type SkippableStage = 'imports' | 'print' | 'void-calls' | 'annotations' | 'types' | 'deprecated';

/** How strictly policies are looked at, and with what knowledge. */
export interface AnalysisOptions {
  /** Also refuses what is unused, hides something or is deprecated, in v0 modules too (`opa check --strict`). */
  readonly strict?: boolean;
  /** What may be used; everything that this engine has, where nothing is said. */
  readonly capabilities?: Capabilities;
  /** JSON Schemas by the path below `schema` that annotations name; the one at the empty path is the input's. */
  readonly schemas?: SchemaSet;
  /**
   * Checks that are left out (OPA's `WithSkipStages`). Nothing rests on them: what they would refuse is undefined, or an
   * error, when it is evaluated.
   */
  readonly skip?: readonly SkippableStage[];
  /** Base documents in whose place no rule may stand (`opa check --bundle`). */
  readonly documents?: JsonObject;
  /** Whether tests with cases (`test_x[name] if …`) tell the evaluation's host each case that they come to. */
  readonly testCases?: boolean;
  /** Further builtins; one with the name of a builtin of the language takes its place. */
  readonly builtins?: readonly CustomBuiltin[];
}

/** What the stages work on; each adds its part. */
export interface Work {
  readonly modules: readonly Module[];
  readonly options: AnalysisOptions;
  readonly report: Report;
  /** The further builtins by name. */
  readonly customs: CustomBuiltins | undefined;
  readonly withFaults: WithFaults;
  /** Names of builtins that the modules call, or put in the place of others: some stages are about a few of them. */
  readonly usedBuiltins: Set<string>;
  /** Of each module, the rules that are like others in it and were not parsed. */
  readonly twins: readonly (readonly RuleTwin[])[];
  names: PolicyNames;
  /** All, in the order of the source. */
  rules: CoreRule[];
  /** Those that are not like others: what the stages look at. */
  distinct: CoreRule[];
  root: DocumentNode;
  graph: RuleGraph;
  checkQueryTypes: CheckedTypes['checkQuery'];
  typeAt: CheckedTypes['typeAt'];
}

/** One step of the analysis. */
export interface Stage {
  readonly name: string;
  /** Stages that must have run before. */
  readonly needs: readonly string[];
  /** What holds after it, in one sentence. */
  readonly gives: string;
  /** OPA's stages (`v1/ast/compile.go`) that it stands for. */
  readonly opa: readonly string[];
  /** Some do their work in steps. */
  readonly run: (work: Work) => Steps<void> | void;
}

/**
 * The stages in their order. Errors that leave the policy in a state in which the next stages can look for more are
 * collected; after any other the stage is the last.
 */
export const STAGES: readonly Stage[] = [
  {
    name: 'capabilities',
    needs: [],
    gives: 'modules that use only what the capabilities allow',
    opa: ['parser'],
    run: ({ modules, options, report }) => {
      if (options.capabilities !== undefined) checkCapabilities(modules, options.capabilities, report);
    },
  },
  {
    name: 'imports',
    needs: [],
    gives: 'no import hides another, no name hides `input` or `data`',
    opa: ['CheckKeywordOverrides', 'CheckDuplicateImports'],
    run: ({ modules, report, options }) => {
      for (const module of modules) {
        if (!options.strict && !isV1Module(module)) continue;
        checkReservedNames(module, report);
        checkImports(module, report);
      }
    },
  },
  {
    name: 'resolve',
    needs: [],
    gives: 'rules whose names are variables, references and callees; nothing declared in vain',
    opa: ['ResolveRefs', 'CheckUnusedImports', 'RewriteRuleHeadRefs', 'RewriteLocalVars'],
    *run(work) {
      work.names = yield* policyNames(work.modules);
      const { names, report, options, customs } = work;
      const resolving = {
        names,
        report,
        isBuiltin: builtinLookup(work),
        withFaults: work.withFaults,
        customs,
        usedBuiltins: work.usedBuiltins,
        strict: options.strict === true,
      };
      for (const [index, module] of work.modules.entries()) {
        const rules = yield* resolveModule(module, names.globals[index]!, resolving);
        for (const rule of rules) work.distinct.push(rule);
        for (const rule of mergeTwins(rules, work.twins[index] ?? [])) work.rules.push(rule);
      }
    },
  },
  {
    name: 'print',
    needs: ['resolve'],
    gives: '`print` and template strings show what has a value there',
    opa: ['RewriteTemplateStrings', 'RewritePrintCalls'],
    run: ({ distinct: rules, names, report, usedBuiltins }) => {
      if (!usedBuiltins.has('print') && !usedBuiltins.has('internal.template_string')) return;
      const arityOf = arityLookup(names);
      return each(rules, (rule) => checkShownVariables(rule, { arityOf, report }));
    },
  },
  {
    name: 'test-cases',
    needs: ['resolve'],
    gives: 'tests with cases that say which case they are at, where that is asked for',
    opa: ['InjectTestCaseFunc'],
    run: ({ distinct: rules, options }) => {
      if (options.testCases === true) for (const rule of rules) nameTestCases(rule);
    },
  },
  {
    name: 'expand',
    needs: ['print', 'resolve'],
    gives: 'rules without calls inside terms',
    opa: ['RewriteExprTerms', 'RewriteComprehensionTerms', 'RewriteRefsInHead'],
    run: ({ distinct: rules }) => each(rules, expandRule),
  },
  {
    name: 'annotations',
    needs: [],
    gives: 'one annotation at most for each document and package',
    opa: ['SetAnnotationSet'],
    run: ({ modules, report }) => {
      checkAnnotations(modules, report);
    },
  },
  {
    name: 'metadata',
    needs: ['expand', 'annotations'],
    gives: 'what annotations say in the place of calls that ask for it',
    opa: ['ParseMetadataBlocks', 'RewriteRegoMetadataCalls'],
    run: ({ modules, distinct, usedBuiltins }) => {
      if (METADATA_BUILTINS.some((name) => usedBuiltins.has(name))) resolveMetadata(modules, distinct);
    },
  },
  {
    name: 'void-calls',
    needs: ['expand'],
    gives: 'no value is expected of what gives none',
    opa: ['CheckVoidCalls'],
    run: ({ distinct: rules, report, usedBuiltins, customs }) => {
      const isVoid = (name: string): boolean =>
        (customs?.get(name) ?? KNOWN_BUILTINS[name])?.result === undefined;
      if ([...usedBuiltins].some(isVoid)) for (const rule of rules) checkVoidCalls(rule, report);
    },
  },
  {
    name: 'with',
    needs: ['resolve'],
    gives: 'no `with` on what it cannot replace',
    opa: ['RewriteWithValues'],
    run: ({ withFaults, report }) => {
      for (const { code, message, location } of withFaults.all) report.error(code, message, location);
    },
  },
  {
    name: 'conflicts',
    needs: ['resolve'],
    gives: 'the tree of documents, in which rules of one path fit together',
    opa: ['SetModuleTree', 'SetRuleTree', 'CheckRuleConflicts'],
    *run(work) {
      const packages = work.modules.map((module) => module.package);
      work.root = yield* documentTree(
        work.rules,
        packages.map((one) => one.path),
      );
      yield* checkConflicts(work.root, packages, work.report);
      if (work.options.documents !== undefined) {
        checkDataConflicts(work.root, work.options.documents, work.report);
      }
    },
  },
  {
    name: 'calls',
    needs: ['expand'],
    gives: 'calls of what exists, with the right number of arguments',
    opa: ['CheckUndefinedFuncs'],
    run: ({ distinct: rules, names, report }) => {
      const arityOf = arityLookup(names);
      return each(rules, (rule) => {
        checkRuleCalls(rule, { report, arityOf, names, packagePath: rule.packagePath });
      });
    },
  },
  {
    name: 'head-safety',
    needs: ['calls'],
    gives: 'heads whose variables stand in their bodies',
    opa: ['CheckSafetyRuleHeads'],
    run: ({ distinct: rules, names, report }) => {
      const check = { arityOf: arityLookup(names), report, scopes: new RuleScopes(rules) };
      return each(rules, (rule) => checkHeadSafety(rule, check));
    },
  },
  {
    name: 'safety',
    needs: ['head-safety'],
    gives: 'bodies in an order in which every variable has a value before it is needed',
    opa: ['CheckSafetyRuleBodies'],
    run: ({ distinct: rules, names, report }) => {
      const check = { arityOf: arityLookup(names), report, scopes: new RuleScopes(rules) };
      return each(rules, (rule) => checkRuleSafety(rule, check));
    },
  },
  {
    name: 'hoist',
    needs: ['safety'],
    gives: 'negated expressions without references inside their arguments',
    opa: ['RewriteEquals', 'RewriteDynamicTerms'],
    run: ({ distinct: rules }) => each(rules, hoistRule),
  },
  {
    name: 'recursion',
    needs: ['conflicts', 'calls'],
    gives: 'the graph of rules, without cycles',
    opa: ['SetGraph', 'CheckRecursion'],
    *run(work) {
      work.graph = yield* ruleGraph(work.distinct, work.root);
      yield* checkRecursion(work.root, work.graph, work.report);
    },
  },
  {
    name: 'types',
    needs: ['recursion', 'safety'],
    gives: 'expressions whose operands can have the types that they need',
    opa: ['CheckTypes'],
    *run(work) {
      const { graph, report, modules, options } = work;
      const annotations = new SchemaAnnotations(modules, options.schemas);
      const input = inputType(work);
      const checked = yield* checkRuleTypes(graph, { input, annotations });
      work.checkQueryTypes = checked.checkQuery;
      work.typeAt = checked.typeAt;
      for (const fault of checked.faults) {
        report.recoverable('rego_type_error', fault.message, fault.location, typeMend(fault));
      }
    },
  },
  {
    name: 'deprecated',
    needs: ['types'],
    gives: 'no calls of builtins that Rego v1 has given up',
    opa: ['CheckUnsafeBuiltins', 'CheckDeprecatedBuiltins'],
    run: ({ distinct: rules, modules, options, report, usedBuiltins }) => {
      const isDeprecated = deprecationLookup(options);
      if (![...usedBuiltins].some(isDeprecated)) return;
      const lenient = new Set(
        modules.filter((module) => !options.strict && !isV1Module(module)).map(({ file }) => file),
      );
      return each(rules, (rule) => {
        if (!lenient.has(rule.file)) checkDeprecatedCalls(rule, isDeprecated, report);
      });
    },
  },
];

/** What a stage needs and gives, for those who want to show the analysis. */
export const ANALYSIS_STAGES: readonly Omit<Stage, 'run'>[] = STAGES.map(({ name, needs, gives, opa }) => ({
  name,
  needs,
  gives,
  opa,
}));

function hoistRule(rule: CoreRule): void {
  for (const branch of rule.branches) branch.body = hoistBody(branch.body);
  for (const term of rule.tail) hoistNestedBodies(term);
  if (rule.key !== undefined) hoistNestedBodies(rule.key);
  for (const { value } of rule.branches) if (value !== undefined) hoistNestedBodies(value);
}

/** What counts as a builtin under the capabilities; those that the caller brings always do. */
export function builtinLookup({
  options: { capabilities },
  customs,
}: Pick<Work, 'options' | 'customs'>): (name: string) => boolean {
  if (capabilities === undefined) return (name) => isKnownBuiltin(name) || customs?.has(name) === true;
  const names = new Set((capabilities.builtins ?? []).map(({ name }) => name));
  return (name) => (isKnownBuiltin(name) && names.has(name)) || customs?.has(name) === true;
}

function deprecationLookup({ capabilities }: AnalysisOptions): (name: string) => boolean {
  if (capabilities === undefined) return (name) => KNOWN_BUILTINS[name]?.deprecated === true;
  const declared = capabilities.builtins ?? [];
  const names = new Set(declared.filter(({ deprecated }) => deprecated).map(({ name }) => name));
  return (name) => names.has(name);
}

function inputType({ options, report, modules }: Work): Type | undefined {
  const schema: Value | undefined = options.schemas?.get('');
  if (schema === undefined) return undefined;
  const type = schemaType(schema);
  if (!('problem' in type)) return type;
  const location = modules[0]?.package.location;
  if (location !== undefined) report.fatal('rego_type_error', type.problem, location);
  return undefined;
}
