export type { Capabilities, DeclaredBuiltin } from './analysis/capabilities.ts';
export { capabilities, readCapabilities } from './analysis/capabilities.ts';
export type { Dependencies, DependencyPath } from './analysis/dependencies.ts';
export { pathText } from './analysis/dependencies.ts';
export type { ReadPaths } from './analysis/reads.ts';
export { ANALYSIS_STAGES } from './analysis/stages.ts';
export type { ValueKind } from './analysis/types/value-kinds.ts';
export type {
  BuiltinContext,
  BuiltinOutcome,
  BuiltinType,
  CustomBuiltin,
  HostAnswer,
  HostAnswers,
  HostRequest,
  HttpSendRequest,
  HttpTlsOptions,
} from './builtins/index.ts';
export { BuiltinError, isKnownBuiltin, NondeterministicCache } from './builtins/index.ts';
export type { Entrypoint } from './entrypoints.ts';
export type {
  EvaluationError,
  EvaluationHost,
  EvaluationOptions,
  EvaluationResult,
  QueryResult,
} from './eval/evaluation.ts';
export { DEADLINE_MS_DEFAULT, OPERATIONS_MAX_DEFAULT } from './eval/evaluation.ts';
export type { CoverageReport, FileCoverage, SourcePosition, SourceRange } from './explain/coverage.ts';
export { CoverageObserver, coverageReport } from './explain/coverage.ts';
export type { ProfileEntry, ProfileOrder } from './explain/profile.ts';
export { ProfileObserver } from './explain/profile.ts';
export type { RuleOutcome } from './explain/rule-outcomes.ts';
export { RuleOutcomeObserver } from './explain/rule-outcomes.ts';
export { observeWith } from './explain/several.ts';
export type { ExplainSources } from './explain/sources.ts';
export type { TraceEvent, TraceOperation, TraceOptions } from './explain/trace.ts';
export { TraceObserver } from './explain/trace.ts';
export { traceNodes } from './explain/trace-nodes.ts';
export type { ExplainMode } from './explain/trace-text.ts';
export { filterTrace, traceText } from './explain/trace-text.ts';
export { type FormatOptions, formatModule } from './format/format-module.ts';
export type { VersionSpan } from './format/imports.ts';
export type {
  AsyncEvaluation,
  AsyncEvaluationOptions,
  Evaluable,
} from './host/evaluate-async.ts';
export { evaluateAsync, ROUNDS_MAX_DEFAULT } from './host/evaluate-async.ts';
export type { Fetch, FetchInit, FetchResponse } from './host/fetch-network.ts';
export { fetchNetwork } from './host/fetch-network.ts';
export type { CachedResponse } from './host/http-cache.ts';
export { HTTP_CACHE_BYTES_MAX_DEFAULT, HttpCache } from './host/http-cache.ts';
export type {
  NetworkFailure,
  NetworkHost,
  NetworkRequest,
  NetworkResponse,
} from './host/network.ts';
export { prepareResidue } from './partial/prepare-residue.ts';
export type { PartialOptions, PartialResult, Residue } from './partial/residue.ts';
export { couldBeTrue, isAlwaysTrue } from './partial/residue.ts';
export { pathSteps } from './plan/document-path.ts';
export { compileModules, compilePolicy, compilePolicyAsync } from './policy.ts';
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
export type { EvaluationErrorCode } from './runtime/fault.ts';
export { EVALUATION_ERROR_CODES } from './runtime/fault.ts';
export type { ObservedBody, Observer, Variables } from './runtime/observer.ts';
export type { MatchedRule } from './runtime/run.ts';
export type {
  Annotations,
  AstJson,
  AstObject,
  AstOptions,
  AstTerm,
  Diagnostic,
  DiagnosticCode,
  Location,
  Module,
  RawNumber,
  RegoVersion,
} from './syntax/index.ts';
export {
  DIAGNOSTIC_CODES,
  moduleToAst,
  parseModule,
  parseQuery,
  queryToAst,
  renderDiagnostic,
} from './syntax/index.ts';
export type { FailedLiteral, FailedPart } from './tester/failed-literal.ts';
export type {
  TestCaseResult,
  TestOptions,
  TestReport,
  TestResult,
  TestTraceOptions,
} from './tester/test-result.ts';
export { runTests } from './tester/tester.ts';
export type { JsonObject, ParsedJson, Value } from './value/index.ts';
export {
  compare,
  equal,
  fromJson,
  fromParsed,
  isObject,
  isPlainObject,
  makeObject,
  objectEntries,
  objectGet,
  RegoNumber,
  RegoObject,
  RegoSet,
  toJson,
  toParsed,
  typeName,
  valueText,
} from './value/index.ts';
