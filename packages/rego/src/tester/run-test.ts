import type { EvaluationHost, EvaluationOptions } from '../eval/evaluation.ts';
import type { CoverageObserver } from '../explain/coverage.ts';
import { observeWith } from '../explain/several.ts';
import { TraceObserver } from '../explain/trace.ts';
import { filterTrace } from '../explain/trace-text.ts';
import type { Policy, PreparedQuery } from '../policy-types.ts';
import type { Module } from '../syntax/ast.ts';
import type { Value } from '../value/value.ts';
import { FailureFinder } from './failed-literal.ts';
import { failedLiteral } from './failed-parts.ts';
import type { Test } from './find-tests.ts';
import { allPass, casesOf, failedNames, withReached } from './test-cases.ts';
import type { TestOptions, TestResult, TestTraceOptions } from './test-result.ts';

const DEADLINE_MS_DEFAULT = 5_000;

/** What all tests of a run share. */
export interface TestRun {
  readonly policy: Policy;
  /** The policy's, which are parsed anew each time that it is asked for them. */
  readonly modules: readonly Module[];
  readonly options: TestOptions;
  /** Where it is noted what they reach, if it is. */
  readonly coverage: CoverageObserver | undefined;
}

/** Runs one test. */
export function runTest(run: TestRun, test: Test): TestResult {
  const { policy, options, coverage } = run;
  const { row, column } = test.rule.location;
  const { path, name, package: home } = test;
  const place = { path, name, package: home, file: test.module.file, row, column };
  if (test.skipped) return { ...place, outcome: 'skipped', durationMs: 0, printed: [] };
  const printed: string[] = [];
  const reached: (readonly Value[])[] = [];
  const host: EvaluationHost = {
    ...options.host,
    testCase: (name) => reached.push(name),
    printed: (message) => {
      printed.push(message);
      options.host?.printed?.(message);
    },
  };
  const query = policy.prepare(path);
  const evaluation: EvaluationOptions = {
    // What is evaluated again to tell more of it sees the same clock.
    timeNs: BigInt(Date.now()) * 1_000_000n,
    deadlineMs: options.deadlineMs ?? DEADLINE_MS_DEFAULT,
    ...(options.data !== undefined && { data: options.data }),
  };
  const start = performance.now();
  const result = query.evaluate(undefined, {
    ...evaluation,
    host,
    ...(coverage !== undefined && { observer: coverage }),
  });
  const common = { ...place, durationMs: performance.now() - start, printed };
  // Nobody hears what is printed when it runs again.
  const { printed: _printed, ...silent } = options.host ?? {};
  const again = { run, test, evaluation: { ...evaluation, host: silent } };
  if (result.kind === 'error') {
    const message = `${result.code}: ${result.message}`;
    return { ...common, outcome: 'error', message, ...tracedIfAll(again) };
  }
  const cases =
    test.hasCases && result.kind === 'value' ? withReached(casesOf(result.value), reached) : undefined;
  const judged = { ...common, ...(cases !== undefined && { cases }) };
  const passed = result.kind === 'value' && (cases === undefined ? result.value === true : allPass(cases));
  if (passed) {
    const bench = options.benchMs === undefined ? undefined : benchOf(query, evaluation, options.benchMs);
    return { ...judged, outcome: 'pass', ...(bench !== undefined && { bench }), ...tracedIfAll(again) };
  }
  const failedCases = cases && failedNames(cases);
  return {
    ...judged,
    outcome: 'fail',
    ...explained(again),
    ...(failedCases !== undefined && { failedCases }),
  };
}

interface Again {
  readonly run: TestRun;
  readonly test: Test;
  readonly evaluation: EvaluationOptions;
}

function tracedIfAll(again: Again): Pick<TestResult, 'trace'> {
  const { trace: wanted } = again.run.options;
  if (wanted?.of !== 'all') return {};
  const trace = traceOf(again, wanted);
  observe(again, trace);
  return { trace: filterTrace(trace.events, wanted.explain) };
}

/** Runs a failed test once more, and says where it stopped. */
function explained(again: Again): Pick<TestResult, 'trace' | 'failedAt'> {
  const finder = new FailureFinder(again.test);
  const { trace: wanted } = again.run.options;
  const trace = wanted && traceOf(again, wanted);
  observe(again, trace === undefined ? finder : observeWith([finder, trace]));
  const { run, test, evaluation } = again;
  return {
    ...(finder.found !== undefined && {
      failedAt: failedLiteral(run.policy, test, evaluation, finder.found),
    }),
    ...(trace && wanted && { trace: filterTrace(trace.events, wanted.explain) }),
  };
}

/** The query of a test as OPA traces it. */
function queryText({ test }: Again): string {
  return `${test.path} = _`;
}

function traceOf(again: Again, { variables = false }: TestTraceOptions): TraceObserver {
  const sources = { modules: again.run.modules, query: queryText(again) };
  return new TraceObserver(sources, { variables });
}

function observe(again: Again, observer: NonNullable<EvaluationOptions['observer']>): void {
  const { query } = again.run.policy.prepareQuery(queryText(again));
  query?.evaluate(undefined, { ...again.evaluation, observer });
}

function benchOf(
  query: PreparedQuery,
  evaluation: EvaluationOptions,
  durationMs: number,
): NonNullable<TestResult['bench']> {
  const start = performance.now();
  let runs = 0;
  let elapsed = 0;
  while (elapsed < durationMs) {
    query.evaluate(undefined, evaluation);
    runs += 1;
    elapsed = performance.now() - start;
  }
  return { runs, nsPerRun: (elapsed / runs) * 1e6 };
}
