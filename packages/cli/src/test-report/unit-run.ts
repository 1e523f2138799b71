import type { ModuleSource, TestReport, TestResult } from '@writ/rego';

/** The tests of one bundle, or of the files that were named, and what became of them. */
export interface UnitRun {
  readonly name: string;
  readonly modules: readonly ModuleSource[];
  readonly report: TestReport;
}

/** A test's name as it is written after its package: `test_x`, `tools.test_y`. */
export function nameInPackage({ path, package: home }: TestResult): string {
  return path.slice(home.length).replace(/^\./, '');
}

/** All results of several units, in order. */
export function resultsOf(runs: readonly UnitRun[]): readonly TestResult[] {
  return runs.flatMap(({ report }) => report.results);
}
