import type { ModuleSource, TestReport, TestResult } from '@writ/rego';

/** The tests of one bundle, or of the files that were named, and what became of them. */
export interface UnitRun {
  readonly name: string;
  readonly modules: readonly ModuleSource[];
  readonly report: TestReport;
}

/** All results of several units, in order. */
export function resultsOf(runs: readonly UnitRun[]): readonly TestResult[] {
  return runs.flatMap(({ report }) => report.results);
}
