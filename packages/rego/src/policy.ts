import type { AnalysedPolicy } from './analysis/analyse.ts';
import { analyseQuery, analyseSteps, resolveOnly } from './analysis/analyse.ts';
import type { Capabilities } from './analysis/capabilities.ts';
import { captureValues } from './analysis/capture-values.ts';
import { dependenciesOf } from './analysis/dependencies.ts';
import { dataPath } from './analysis/documents.ts';
import type { Globals } from './analysis/names.ts';
import { importName } from './analysis/names.ts';
import type { ReadPaths } from './analysis/reads.ts';
import { readPaths } from './analysis/reads.ts';
import { requiredCapabilities } from './analysis/required.ts';
import { withoutTwins } from './analysis/twin-rule.ts';
import { type ValueKind, valueKinds } from './analysis/types/value-kinds.ts';
import { NoDataFault } from './compile/data-code.ts';
import { canGenerate } from './compile/generated-backend.ts';
import { RUNTIME_SPECIFIER, writeModule } from './compile/write-module.ts';
import type { Entrypoint } from './entrypoints.ts';
import { Engine } from './eval/engine.ts';
import { type MadePolicy, madePolicy } from './made-policy.ts';
import { evaluatePartially, PARTIAL_STEPS_MAX_DEFAULT } from './partial/partial.ts';
import type { PartialOptions, PartialResult } from './partial/residue.ts';
import { residueOf } from './partial/residue.ts';
import { pathSteps } from './plan/document-path.ts';
import type { QueryPlan } from './plan/plan.ts';
import type { PlannedPolicy } from './plan/planner.ts';
import { planPolicySteps } from './plan/planner.ts';
import { unsupported } from './plan/unsupported.ts';
import type {
  CompileOptions,
  CompileResult,
  ModuleOptions,
  ModuleResult,
  ModuleSource,
  PacedCompileOptions,
  Policy,
  PolicyBackend,
  PreparedQuery,
  PreparedResults,
  QueryOptions,
} from './policy-types.ts';
import { resultRow, unknownSteps } from './query-parts.ts';
import { compileRead, readModules } from './read-modules.ts';
import type { Body, Module } from './syntax/ast.ts';
import type { Diagnostic } from './syntax/diagnostic.ts';
import { parseModule, parseQuery } from './syntax/index.ts';
import type { RuleTwin } from './syntax/rule-template.ts';
import { finish, finishInSlices, type Steps } from './syntax/steps.ts';
import type { JsonObject } from './value/value.ts';

export type {
  CompileOptions,
  CompileResult,
  ModuleOptions,
  ModuleResult,
  ModuleSource,
  PacedCompileOptions,
  Policy,
  PolicyBackend,
  PreparedBindings,
  PreparedQuery,
  PreparedResults,
  QueryOptions,
  QuerySource,
  ResultRow,
  ResultSet,
} from './policy-types.ts';

/**
 * Compiles Rego modules into a policy. Errors come as diagnostics (OPA's codes and wording; ours for what this
 * engine does not support), located in their files.
 */
export function compilePolicy(sources: readonly ModuleSource[], options: CompileOptions = {}): CompileResult {
  return finish(compileSteps(sources, options));
}

const SLICE_MS_DEFAULT = 4;

/** Lets others have their turn. */
export function pauseBriefly(): Promise<void> {
  const { setImmediate: immediate } = globalThis as { setImmediate?: (run: () => void) => unknown };
  return new Promise((resolve) => {
    if (immediate === undefined) setTimeout(resolve, 0);
    else immediate(resolve);
  });
}

/** As {@link compilePolicy}, in slices, so that a large policy does not hold up what else the process does. */
export async function compilePolicyAsync(
  sources: readonly ModuleSource[],
  options: PacedCompileOptions = {},
): Promise<CompileResult> {
  const { sliceMs = SLICE_MS_DEFAULT, pause = pauseBriefly } = options;
  return finishInSlices(compileSteps(sources, options), sliceMs, pause);
}

function compileSteps(sources: readonly ModuleSource[], options: CompileOptions): Steps<CompileResult> {
  const parse = () => finish(readModules(sources, options, false)).modules!;
  // Tests with cases tell of each rule by itself.
  const withTwins = options.testCases !== true;
  return compileRead(sources, options, withTwins, ({ modules, twins, diagnostics }) =>
    compileModuleSteps(modules, parse, options, diagnostics, twins),
  );
}

/** As {@link compilePolicy}, from parsed modules. */
export function compileModules(
  modules: readonly Module[],
  options: CompileOptions = {},
  before: readonly Diagnostic[] = [],
): CompileResult {
  return finish(compileModuleSteps(modules, () => modules, options, before));
}

function* compileModuleSteps(
  modules: readonly Module[],
  parse: () => readonly Module[],
  options: CompileOptions,
  before: readonly Diagnostic[],
  twins: readonly (readonly RuleTwin[])[] = [],
): Steps<CompileResult> {
  const analysed = yield* analyseSteps(modules, options, twins);
  const diagnostics = [...before, ...analysed.diagnostics];
  if (analysed.policy === undefined) return { diagnostics };
  try {
    const planned = yield* planPolicySteps(analysed.policy);
    const made = madePolicy(modules, parse, analysed.policy, planned, options.backend);
    return { policy: new CompiledPolicy(made, options), diagnostics };
  } catch (caught) {
    return { diagnostics: [...diagnostics, unsupported(caught)] };
  }
}

/** Names that imports of their own add. */
function withImports(
  globals: Globals,
  imports: readonly string[],
): { readonly globals: Globals; readonly diagnostics: readonly Diagnostic[] } {
  if (imports.length === 0) return { globals, diagnostics: [] };
  const text = `package imports\n${imports.map((each) => `import ${each}`).join('\n')}`;
  const { module, diagnostics } = parseModule(text, { file: 'imports' });
  const named = (module?.imports ?? []).map((each) => [importName(each), each.path] as const);
  return { globals: new Map([...globals, ...named]), diagnostics };
}

interface PlannedQuery {
  readonly plan?: QueryPlan;
  readonly diagnostics: readonly Diagnostic[];
}

class CompiledPolicy implements Policy {
  readonly backend: PolicyBackend;
  readonly rulePaths: readonly string[];
  readonly packages: readonly string[];
  readonly #parse: () => readonly Module[];
  readonly #modulePackages: readonly string[];
  readonly #entrypoints: readonly Entrypoint[];
  readonly #made: MadePolicy;
  readonly #options: CompileOptions;
  readonly #analysed: AnalysedPolicy;
  readonly #planned: PlannedPolicy;
  readonly #engine: Engine;
  readonly #data: JsonObject | undefined;
  readonly #allowNet: readonly string[] | undefined;

  constructor(made: MadePolicy, options: CompileOptions) {
    const { parse, analysed, planned, plain } = made;
    this.#made = made;
    this.#options = options;
    this.#parse = parse;
    this.#modulePackages = made.modulePackages;
    this.#entrypoints = made.entrypoints;
    this.#analysed = analysed;
    this.#planned = planned;
    this.backend = canGenerate() ? (options.backend ?? 'generated') : 'closures';
    this.#data = options.data;
    this.#allowNet = options.capabilities?.allow_net;
    this.#engine = new Engine(planned.plan, plain, { data: options.data, allowNet: this.#allowNet });
    this.rulePaths = made.rulePaths;
    this.packages = made.packages;
  }

  withData(data: JsonObject): Policy {
    return new CompiledPolicy(this.#made, { ...this.#options, data });
  }

  get planned(): PlannedPolicy {
    return this.#planned;
  }

  get modules(): readonly Module[] {
    return this.#parse();
  }

  prepare(path: string): PreparedQuery {
    const steps = pathSteps(path);
    return {
      path: steps.join('/'),
      evaluate: this.#engine.prepareValue(this.#planned.planPath(steps), dataPath(steps)),
    };
  }

  prepareQuery(text: string, options: QueryOptions = {}) {
    const { plan, diagnostics } = this.#planText(text, options);
    return plan === undefined
      ? { diagnostics }
      : { query: { evaluate: this.#engine.prepareQuery(plan) }, diagnostics };
  }

  prepareResults(text: string, options: QueryOptions = {}) {
    const read = this.#readQuery(text, options);
    if (read.body === undefined) return { diagnostics: read.diagnostics };
    const { body, captured } = captureValues(read.body, read.globals, this.#analysed.names);
    const { plan, diagnostics } = this.#planBody(body, read.globals, read.diagnostics);
    if (plan === undefined) {
      // Faults are told of the query as it was written.
      const plain = this.#planBody(read.body, read.globals, read.diagnostics);
      return { diagnostics: plain.plan === undefined ? plain.diagnostics : diagnostics };
    }
    const evaluate = this.#engine.prepareQuery(plan, false);
    const results: PreparedResults = {
      evaluate: (input, evaluation) => {
        const found = evaluate(input, evaluation);
        if (found.kind === 'error') return found;
        return { kind: 'results', results: found.bindings.map((row) => resultRow(row, captured, text)) };
      },
    };
    return { query: results, diagnostics };
  }

  #planText(text: string, options: QueryOptions): PlannedQuery {
    const { body, globals, diagnostics } = this.#readQuery(text, options);
    return body === undefined ? { diagnostics } : this.#planBody(body, globals, diagnostics);
  }

  #readQuery(text: string, options: QueryOptions) {
    const parsed = parseQuery(text, { file: 'query', version: options.version ?? 1 });
    const { globals, diagnostics } = withImports(this.#globalsOf(options.package), options.imports ?? []);
    const all = [...parsed.diagnostics, ...diagnostics];
    return { diagnostics: all, globals, ...(diagnostics.length === 0 && { body: parsed.body }) };
  }

  #planBody(body: Body, globals: Globals, before: readonly Diagnostic[]): PlannedQuery {
    const analysed = analyseQuery(body, this.#analysed, globals, true);
    const diagnostics = [...before, ...analysed.diagnostics];
    if (analysed.query === undefined) return { diagnostics };
    try {
      return {
        plan: this.#planned.planQuery(analysed.query.body, analysed.query.variables),
        diagnostics,
      };
    } catch (caught) {
      return { diagnostics: [...diagnostics, unsupported(caught)] };
    }
  }

  writeModule({ queries = {}, runtime = RUNTIME_SPECIFIER }: ModuleOptions = {}): ModuleResult {
    const plans: Record<string, QueryPlan> = Object.create(null);
    const diagnostics: Diagnostic[] = [];
    for (const [name, { text, ...options }] of Object.entries(queries)) {
      const planned = this.#planText(text, options);
      diagnostics.push(...planned.diagnostics);
      if (planned.plan !== undefined) plans[name] = planned.plan;
    }
    if (diagnostics.some(({ severity }) => severity === 'error')) return { diagnostics };
    const { plan } = this.#planned;
    try {
      const text = writeModule({ plan, queries: plans, data: this.#data, allowNet: this.#allowNet, runtime });
      return { text, diagnostics };
    } catch (caught) {
      if (!(caught instanceof NoDataFault)) throw caught;
      const message = 'a module cannot hold built-in functions that its caller brings';
      const location = this.modules[0]?.package.location ?? { file: '', row: 1, column: 1, start: 0, end: 0 };
      return {
        diagnostics: [
          ...diagnostics,
          { code: 'rego_unsupported_error', severity: 'error', message, location },
        ],
      };
    }
  }

  partial(text: string, options: PartialOptions = {}): PartialResult {
    const { body, globals, diagnostics } = this.#readQuery(text, options);
    if (body === undefined) return { kind: 'refused', diagnostics };
    const analysed = analyseQuery(body, this.#analysed, globals);
    if (analysed.query === undefined) return { kind: 'refused', diagnostics: analysed.diagnostics };
    const { unknowns = ['input'], disableInlining = [], shallowInlining = false, input, stepsMax } = options;
    const evaluation = { ...options, timeNs: options.timeNs ?? BigInt(Date.now()) * 1_000_000n };
    const sources = evaluatePartially(this.#analysed, analysed.query, {
      unknowns: unknowns.map(unknownSteps),
      notInlined: disableInlining.map(pathSteps),
      shallow: shallowInlining,
      nondeterministic: options.nondeterministicBuiltins === true,
      stepsMax: stepsMax ?? PARTIAL_STEPS_MAX_DEFAULT,
      evaluate: (known, variables) =>
        this.#engine.prepareQuery(this.#planned.planQuery(known, variables))(input, evaluation),
    });
    return sources.kind === 'error' ? sources : residueOf(sources);
  }

  entrypoints(): readonly Entrypoint[] {
    return this.#entrypoints;
  }

  reads(path: string): ReadPaths {
    return readPaths(this.#analysed.root, pathSteps(path));
  }

  requiredCapabilities(): Capabilities {
    return requiredCapabilities(withoutTwins(this.#analysed.rules), this.modules);
  }

  dependencies(text: string, options: QueryOptions = {}): ReturnType<Policy['dependencies']> {
    const { body, globals, diagnostics } = this.#readQuery(text, options);
    if (body === undefined) return { diagnostics };
    const resolved = resolveOnly(body, this.#analysed, globals);
    const all = [...diagnostics, ...resolved.diagnostics];
    if (all.some(({ severity }) => severity === 'error')) return { diagnostics: all };
    return { dependencies: dependenciesOf(resolved.body, this.#analysed.root), diagnostics: all };
  }

  kindsOf(path: string): readonly ValueKind[] | undefined {
    return valueKinds(this.#analysed.typeAt(pathSteps(path)));
  }

  #globalsOf(packagePath: string | undefined): Globals {
    const index = this.#modulePackages.indexOf(packagePath ?? '');
    return this.#analysed.names.globals[index] ?? new Map();
  }
}
