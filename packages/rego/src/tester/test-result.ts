import type { EvaluationHost } from '../eval/evaluation.ts';
import type { CoverageReport } from '../explain/coverage.ts';
import type { TraceEvent } from '../explain/trace.ts';
import type { ExplainMode } from '../explain/trace-text.ts';
import type { JsonObject } from '../value/value.ts';
import type { FailedLiteral } from './failed-literal.ts';

/** How tests are to be run. */
export interface TestOptions {
  /** Base data for all tests. */
  readonly data?: JsonObject;
  /** Only tests whose `data.…` path it matches. */
  readonly filter?: RegExp;
  /** Runs each test over and over for this time, and says how long it takes. */
  readonly benchMs?: number;
  /** Whether to note what the tests reach. */
  readonly coverage?: boolean;
  /** Which evaluations to record; none by default. */
  readonly trace?: TestTraceOptions;
  /** Milliseconds that one test may take; 5,000 by default. */
  readonly deadlineMs?: number;
  readonly host?: EvaluationHost;
}

/** What is recorded of the evaluations of tests. */
export interface TestTraceOptions {
  /** Those of tests that failed, or of all. */
  readonly of: 'failed' | 'all';
  /** What is kept of them. */
  readonly explain: ExplainMode;
  /** Whether to keep the values of variables too. */
  readonly variables?: boolean;
}

/** One case of a test. */
export interface TestCaseResult {
  readonly name: string;
  readonly passed: boolean;
  /** Cases inside of it. */
  readonly cases?: readonly TestCaseResult[];
}

/** What became of one test. Plain data, so that threads can tell each other. */
export interface TestResult {
  /** `data.agent.tools_test.test_allow` */
  readonly path: string;
  readonly name: string;
  /** `data.agent.tools_test` */
  readonly package: string;
  readonly file: string;
  readonly row: number;
  readonly column: number;
  /** A `todo_test_…` is skipped; an evaluation that ended without an answer is an error. */
  readonly outcome: 'pass' | 'fail' | 'error' | 'skipped';
  readonly durationMs: number;
  /** What the test printed. */
  readonly printed: readonly string[];
  /** Of an error: `code: message`. */
  readonly message?: string;
  /** Of a failure, where it is known. */
  readonly failedAt?: FailedLiteral;
  /** Of a test with cases (`test_x[name] if …`): what became of each. */
  readonly cases?: readonly TestCaseResult[];
  /** Names of the cases that failed; of cases within cases `outer/inner`. */
  readonly failedCases?: readonly string[];
  /** How long the test takes, where that was asked for. */
  readonly bench?: { readonly runs: number; readonly nsPerRun: number };
  /** The recorded evaluation, where that was asked for. */
  readonly trace?: readonly TraceEvent[];
}

/** What a run of tests gives. */
export interface TestReport {
  readonly results: readonly TestResult[];
  readonly passed: number;
  readonly failed: number;
  readonly errors: number;
  readonly skipped: number;
  readonly durationMs: number;
  readonly coverage?: CoverageReport;
}
