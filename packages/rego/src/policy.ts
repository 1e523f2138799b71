import type { AnalysedPolicy } from './analysis/analyse.ts';
import { analyse, analyseQuery } from './analysis/analyse.ts';
import type { Captured } from './analysis/capture-values.ts';
import { captureValues, isCaptureName } from './analysis/capture-values.ts';
import { dataPath, walkGroups } from './analysis/documents.ts';
import type { Globals } from './analysis/names.ts';
import { importName } from './analysis/names.ts';
import type { ReadPaths } from './analysis/reads.ts';
import { readPaths } from './analysis/reads.ts';
import type { AnalysisOptions } from './analysis/stages.ts';
import { isKnownBuiltin } from './builtins/index.ts';
import { canGenerate, createGenerated } from './compile/generated-backend.ts';
import type { Backend } from './eval/backend.ts';
import { createClosures } from './eval/closures.ts';
import type { EvaluationError, EvaluationOptions, EvaluationResult, QueryResult } from './eval/engine.ts';
import { Engine } from './eval/engine.ts';
import { planLines } from './plan/lines.ts';
import type { PolicyPlan } from './plan/plan.ts';
import type { PlannedPolicy } from './plan/planner.ts';
import { planPolicy } from './plan/planner.ts';
import { PlanFault } from './plan/terms.ts';
import type { Annotations, Body, Location, Module } from './syntax/ast.ts';
import type { Diagnostic } from './syntax/diagnostic.ts';
import { parseModule, parseQuery } from './syntax/index.ts';
import type { JsonObject, Value } from './value/value.ts';

/** A module's source. */
export interface ModuleSource {
  /** Shown in diagnostics and in the rules that decided. */
  readonly file: string;
  readonly text: string;
  /** Rego version; 1 by default. */
  readonly version?: 0 | 1;
}

/**
 * How policies run: as closures, or as JavaScript generated from them, which is faster and needs a place that lets
 * code be made from text. Both give the same answers.
 */
export type PolicyBackend = 'closures' | 'generated';

export interface CompileOptions extends AnalysisOptions {
  /**
   * By default generated code; where one rule is chosen among many, after some uses of that rule as closures, which
   * are faster to make. With `generated` all code is generated at its first use. Where code cannot be made from text
   * (a content security policy without `unsafe-eval`), closures run instead.
   */
  readonly backend?: PolicyBackend;
  /** Base data for evaluations that bring none. */
  readonly data?: JsonObject;
}

/** A rule (or package) annotated `entrypoint: true`. */
export interface Entrypoint {
  /** Slash path below `data`: `agent/tools/decision`. */
  readonly path: string;
  readonly location: Location;
  readonly annotations: Annotations;
}

/** A compiled query for the document at one path. */
export interface PreparedQuery {
  /** Slash path below `data`. */
  readonly path: string;
  /**
   * Evaluates it. The input is used in place and must not change meanwhile. Never throws: whatever goes wrong is a
   * result of kind `error`.
   */
  evaluate(input: Value | undefined, options?: EvaluationOptions): EvaluationResult;
}

/** A compiled query of one's own. */
export interface PreparedBindings {
  evaluate(input: Value | undefined, options?: EvaluationOptions): QueryResult;
}

/** How a query of one's own is read. */
export interface QueryOptions {
  /** A package whose rules and imports the query can name. */
  readonly package?: string;
  /** Version of the language; 1 by default. */
  readonly version?: 0 | 1;
  /** Further imports: `data.roles`, `input.user as who`. */
  readonly imports?: readonly string[];
}

/** One answer of a query, as OPA's result sets have it. */
export interface ResultRow {
  readonly bindings: Readonly<Record<string, Value>>;
  /** One for each expression of the query, in order. */
  readonly expressions: readonly {
    readonly value: Value;
    readonly text: string;
    readonly location: Location;
  }[];
}

/** The answers of a query with the values of its expressions. */
export type ResultSet =
  | { readonly kind: 'results'; readonly results: readonly ResultRow[] }
  | EvaluationError;

/** A compiled query that gives the values of its expressions too. */
export interface PreparedResults {
  evaluate(input: Value | undefined, options?: EvaluationOptions): ResultSet;
}

/** A compiled policy; immutable, and safe to use for any number of evaluations. */
export interface Policy {
  /** What its evaluations run on; observed ones always run on closures. */
  readonly backend: PolicyBackend;
  readonly modules: readonly Module[];
  /** Slash paths of all rules, functions included, sorted. */
  readonly rulePaths: readonly string[];
  /** Slash paths of all packages, sorted. */
  readonly packages: readonly string[];
  /** Compiles a query for one document: `data.agent.tools.decision` or `agent/tools/decision`. */
  prepare(path: string): PreparedQuery;
  /** Compiles an arbitrary query, with the imports of a package where one is named. */
  prepareQuery(
    text: string,
    options?: QueryOptions,
  ): { readonly query?: PreparedBindings; readonly diagnostics: readonly Diagnostic[] };
  /** As {@link prepareQuery}, with the value of each expression, as `opa eval` and `POST /v1/query` answer. */
  prepareResults(
    text: string,
    options?: QueryOptions,
  ): { readonly query?: PreparedResults; readonly diagnostics: readonly Diagnostic[] };
  /** Rows that hold an expression or a rule's head, by file: what coverage counts. */
  lines(): ReadonlyMap<string, ReadonlySet<number>>;
  /** What `METADATA` blocks mark as entrypoints. */
  entrypoints(): readonly Entrypoint[];
  /** Which input and data the evaluation of a path can read, through all rules it reaches; never too little. */
  reads(path: string): ReadPaths;
}

/** What compiling gives: a policy, or the errors that prevent one. */
export interface CompileResult {
  readonly policy?: Policy;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Compiles Rego modules into a policy. Errors come as diagnostics (OPA's codes and wording; ours for what this
 * engine does not support), located in their files.
 */
export function compilePolicy(sources: readonly ModuleSource[], options: CompileOptions = {}): CompileResult {
  const modules: Module[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const { file, text, version } of sources) {
    const parsed = parseModule(text, {
      file,
      isBuiltin: isKnownBuiltin,
      ...(version !== undefined && { version }),
    });
    diagnostics.push(...parsed.diagnostics);
    if (parsed.module !== undefined) modules.push(parsed.module);
  }
  if (modules.length < sources.length) return { diagnostics };
  return compileModules(modules, options, diagnostics);
}

/** As {@link compilePolicy}, from parsed modules. */
export function compileModules(
  modules: readonly Module[],
  options: CompileOptions = {},
  before: readonly Diagnostic[] = [],
): CompileResult {
  const analysed = analyse(modules, options);
  const diagnostics = [...before, ...analysed.diagnostics];
  if (analysed.policy === undefined) return { diagnostics };
  try {
    const planned = planPolicy(analysed.policy);
    return { policy: new CompiledPolicy(modules, analysed.policy, planned, options), diagnostics };
  } catch (caught) {
    return { diagnostics: [...diagnostics, unsupported(caught)] };
  }
}

function unsupported(caught: unknown): Diagnostic {
  if (!(caught instanceof PlanFault)) throw caught;
  return {
    code: 'rego_unsupported_error',
    severity: 'error',
    message: `not supported by this engine: ${caught.message}`,
    location: caught.at,
  };
}

/** The steps of a path written `data.a.b`, `data.a["b c"]` or `a/b`. */
export function pathSteps(path: string): readonly string[] {
  if (path === 'data' || path === '') return [];
  if (!/^data[.[]/.test(path)) return path.split('/').filter((step) => step !== '');
  const steps: string[] = [];
  for (const found of path.slice(4).matchAll(/\.([^.[\]]+)|\["((?:[^"\\]|\\.)*)"\]/g)) {
    steps.push(found[1] ?? (JSON.parse(`"${found[2]}"`) as string));
  }
  return steps;
}

/** Uses of a rule, chosen among many, before it is worth the time that JavaScript takes to load code. */
const WARM_USES = 32;

function createBackend(plan: PolicyPlan, asked: PolicyBackend | undefined): Backend {
  if (asked === 'closures' || !canGenerate()) return createClosures(plan, false);
  return createGenerated(plan, asked === undefined ? WARM_USES : 0);
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

function resultRow(
  row: Readonly<Record<string, Value>>,
  captured: readonly Captured[],
  query: string,
): ResultRow {
  return {
    bindings: Object.fromEntries(Object.entries(row).filter(([name]) => !isCaptureName(name))),
    expressions: captured.map(({ location, variable }) => ({
      value: variable === undefined ? true : row[variable]!,
      text: query.slice(location.start, location.end),
      location,
    })),
  };
}

class CompiledPolicy implements Policy {
  readonly backend: PolicyBackend;
  readonly modules: readonly Module[];
  readonly rulePaths: readonly string[];
  readonly packages: readonly string[];
  readonly #analysed: AnalysedPolicy;
  readonly #planned: PlannedPolicy;
  readonly #engine: Engine;

  constructor(
    modules: readonly Module[],
    analysed: AnalysedPolicy,
    planned: PlannedPolicy,
    options: CompileOptions,
  ) {
    this.modules = modules;
    this.#analysed = analysed;
    this.#planned = planned;
    this.backend = canGenerate() ? (options.backend ?? 'generated') : 'closures';
    this.#engine = new Engine(planned.plan, createBackend(planned.plan, options.backend), {
      data: options.data,
      allowNet: options.capabilities?.allow_net,
    });
    const paths: string[] = [];
    walkGroups(analysed.root, (group) => paths.push(group.path.join('/')));
    this.rulePaths = paths.sort();
    this.packages = [...new Set(modules.map((module) => module.package.path.join('/')))].sort();
  }

  prepare(path: string): PreparedQuery {
    const steps = pathSteps(path);
    return {
      path: steps.join('/'),
      evaluate: this.#engine.prepareValue(this.#planned.planPath(steps), dataPath(steps)),
    };
  }

  prepareQuery(text: string, options: QueryOptions = {}) {
    const read = this.#readQuery(text, options);
    return read.body === undefined
      ? { diagnostics: read.diagnostics }
      : this.#compileQuery(read.body, read.globals, true, read.diagnostics);
  }

  prepareResults(text: string, options: QueryOptions = {}) {
    const read = this.#readQuery(text, options);
    if (read.body === undefined) return { diagnostics: read.diagnostics };
    const { body, captured } = captureValues(read.body, read.globals, this.#analysed.names);
    const { query, diagnostics } = this.#compileQuery(body, read.globals, false, read.diagnostics);
    if (query === undefined) {
      // Faults are told of the query as it was written.
      const plain = this.#compileQuery(read.body, read.globals, false, read.diagnostics);
      return { diagnostics: plain.query === undefined ? plain.diagnostics : diagnostics };
    }
    const results: PreparedResults = {
      evaluate: (input, evaluation) => {
        const found = query.evaluate(input, evaluation);
        if (found.kind === 'error') return found;
        return { kind: 'results', results: found.bindings.map((row) => resultRow(row, captured, text)) };
      },
    };
    return { query: results, diagnostics };
  }

  #readQuery(text: string, options: QueryOptions) {
    const parsed = parseQuery(text, { file: 'query', version: options.version ?? 1 });
    const { globals, diagnostics } = withImports(this.#globalsOf(options.package), options.imports ?? []);
    const all = [...parsed.diagnostics, ...diagnostics];
    return { diagnostics: all, globals, ...(diagnostics.length === 0 && { body: parsed.body }) };
  }

  #compileQuery(body: Body, globals: Globals, distinct: boolean, before: readonly Diagnostic[]) {
    const analysed = analyseQuery(body, this.#analysed, globals);
    const diagnostics = [...before, ...analysed.diagnostics];
    if (analysed.query === undefined) return { diagnostics };
    try {
      const plan = this.#planned.planQuery(analysed.query.body, analysed.query.variables);
      const query: PreparedBindings = { evaluate: this.#engine.prepareQuery(plan, distinct) };
      return { query, diagnostics };
    } catch (caught) {
      return { diagnostics: [...diagnostics, unsupported(caught)] };
    }
  }

  lines(): ReadonlyMap<string, ReadonlySet<number>> {
    return planLines(this.#planned.plan);
  }

  entrypoints(): readonly Entrypoint[] {
    const found: Entrypoint[] = [];
    for (const module of this.modules) {
      for (const annotations of module.annotations) {
        if (!annotations.entrypoint || annotations.scope === 'rule' || annotations.scope === 'document')
          continue;
        found.push({ path: module.package.path.join('/'), location: annotations.location, annotations });
      }
      for (const rule of module.rules) {
        for (const annotations of rule.annotations) {
          if (!annotations.entrypoint) continue;
          const names = rule.head.ref.map((term) => (term.kind === 'string' ? term.value : undefined));
          const end = names.indexOf(undefined);
          const head = (end < 0 ? names : names.slice(0, end)) as string[];
          const path = [...module.package.path, ...head].join('/');
          if (!found.some((other) => other.path === path)) {
            found.push({ path, location: rule.location, annotations });
          }
        }
      }
    }
    return found;
  }

  reads(path: string): ReadPaths {
    return readPaths(this.#analysed.root, pathSteps(path));
  }

  #globalsOf(packagePath: string | undefined): Globals {
    const index = this.modules.findIndex((module) => module.package.path.join('/') === packagePath);
    return this.#analysed.names.globals[index] ?? new Map();
  }
}
