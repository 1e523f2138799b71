import { CoverageObserver, coverageReport } from '../explain/coverage.ts';
import type { Policy } from '../policy-types.ts';
import { findTests } from './find-tests.ts';
import type { TestRun } from './run-test.ts';
import { runTest } from './run-test.ts';
import type { TestOptions, TestReport, TestResult } from './test-result.ts';

/** Runs the tests of a policy: its rules `test_…`, as `opa test` does. */
export function runTests(policy: Policy, options: TestOptions = {}): TestReport {
  const coverage = options.coverage === true ? new CoverageObserver() : undefined;
  const start = performance.now();
  const { modules } = policy;
  const run: TestRun = { policy, modules, options, coverage };
  const results = findTests(modules, options.filter).map((test) => runTest(run, test));
  return testReport(run, results, performance.now() - start);
}

/** Sums results up. */
export function testReport(
  { modules, coverage }: TestRun,
  results: readonly TestResult[],
  durationMs: number,
): TestReport {
  const count = (outcome: TestResult['outcome']) =>
    results.filter((result) => result.outcome === outcome).length;
  return {
    results,
    passed: count('pass'),
    failed: count('fail'),
    errors: count('error'),
    skipped: count('skipped'),
    durationMs,
    ...(coverage !== undefined && { coverage: coverageReport(modules, coverage) }),
  };
}
