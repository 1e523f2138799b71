import type { Capabilities } from './analysis/capabilities.ts';
import type { Dependencies } from './analysis/dependencies.ts';
import type { ReadPaths } from './analysis/reads.ts';
import type { AnalysisOptions } from './analysis/stages.ts';
import type { ValueKind } from './analysis/types/value-kinds.ts';
import type { Entrypoint } from './entrypoints.ts';
import type { EvaluationError, EvaluationOptions, EvaluationResult, QueryResult } from './eval/evaluation.ts';
import type { PartialOptions, PartialResult } from './partial/residue.ts';
import type { Location, Module, RegoVersion } from './syntax/ast.ts';
import type { Diagnostic } from './syntax/diagnostic.ts';
import type { JsonObject, Value } from './value/value.ts';

/** A module's source. */
export interface ModuleSource {
  /** Shown in diagnostics and in the rules that decided. */
  readonly file: string;
  readonly text: string;
  /** Version of the language; 1 by default. */
  readonly version?: RegoVersion;
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
  readonly version?: RegoVersion;
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
  /** Parsed anew where the policy was compiled from text, and then each time. */
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
  /**
   * Evaluates a query as far as what is known allows (as `opa eval --partial`): what is left asks only about what is
   * not known yet.
   */
  partial(query: string, options?: PartialOptions): PartialResult;
  /**
   * The same policy with other base data for evaluations that bring none. Nothing is compiled again: what is made of a
   * rule serves both.
   */
  withData(data: JsonObject): Policy;
  /** What `METADATA` blocks mark as entrypoints. */
  entrypoints(): readonly Entrypoint[];
  /** Which input and data the evaluation of a path can read, through all rules it reaches; never too little. */
  reads(path: string): ReadPaths;
  /** What the policy asks of an engine, in the form of OPA's `capabilities.json` (as `opa inspect` lists it). */
  requiredCapabilities(): Capabilities;
  /** The base documents and the rules that a query depends on, by their paths (as `opa deps`). */
  dependencies(
    query: string,
    options?: QueryOptions,
  ): { readonly dependencies?: Dependencies; readonly diagnostics: readonly Diagnostic[] };
  /**
   * What the document at a path can be, by the types of its rules: `['boolean']`, `['object', 'string']`. Undefined
   * where it can be anything, or nothing stands there.
   */
  kindsOf(path: string): readonly ValueKind[] | undefined;
  /**
   * Writes the policy as the text of an ES module that runs without the compiler and without making code from text:
   * its one export `policy` is a `LoadedPolicy` of `@writ/rego/runtime`.
   */
  writeModule(options?: ModuleOptions): ModuleResult;
}

/** What goes into a module beside the rules. */
export interface ModuleOptions {
  /** Queries by the name under which the module offers them. */
  readonly queries?: Readonly<Record<string, QuerySource>>;
  /** Where the module imports its runtime from; `@writ/rego/runtime` by default. */
  readonly runtime?: string;
}
/** A query to be compiled, with the imports of a package where one is named. */
export interface QuerySource extends QueryOptions {
  readonly text: string;
}
export interface ModuleResult {
  /** Nothing, where a query has errors. */
  readonly text?: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** What compiling gives: a policy, or the errors that prevent one. */
export interface CompileResult {
  readonly policy?: Policy;
  readonly diagnostics: readonly Diagnostic[];
}

/** How a policy is compiled beside other work. */
export interface PacedCompileOptions extends CompileOptions {
  /** About how long one stretch of work may hold the event loop; 4 ms by default. */
  readonly sliceMs?: number;
  /** Lets others have their turn; `setImmediate` or a timer by default. */
  readonly pause?: () => Promise<void>;
}
