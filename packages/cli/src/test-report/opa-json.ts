import type { CoverageReport, TestCaseResult, TestResult } from '@writ/rego';
import { opaCoverage } from '../present/opa-coverage.ts';
import { resultsOf, type UnitRun } from './unit-run.ts';

const NS_PER_MS = 1_000_000;

/** Results in the shape of `opa test --format json`: an array, or the coverage where that was asked for. */
export function opaTestJson(runs: readonly UnitRun[]): object {
  const reports = runs.flatMap(({ report }) => report.coverage ?? []);
  return reports.length === 0 ? resultsOf(runs).map(opaResult) : opaCoverage(together(reports));
}

function together(reports: readonly CoverageReport[]): CoverageReport {
  return { files: reports.flatMap(({ files }) => files), percent: 0 };
}

function opaResult(result: TestResult): object {
  const { path, name, file, row, outcome, durationMs, printed, message, cases } = result;
  return {
    location: { file, row, col: 1 },
    package: path.slice(0, -name.length - 1),
    name,
    ...(outcome === 'fail' && { fail: true }),
    ...(outcome === 'error' && { error: { message } }),
    ...(outcome === 'skipped' && { skip: true }),
    duration: Math.round(durationMs * NS_PER_MS),
    ...(printed.length > 0 && {
      output: Buffer.from(printed.map((line) => `${line}\n`).join('')).toString('base64'),
    }),
    ...(cases !== undefined &&
      cases.length > 0 && {
        sub_results: subResults(cases),
      }),
  };
}

function subResults(cases: readonly TestCaseResult[]): object {
  const inOrder = cases.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return Object.fromEntries(
    inOrder.map(({ name, passed, cases: inner }) => [
      name,
      {
        name,
        ...(!passed && { fail: true }),
        ...(inner !== undefined && inner.length > 0 && { sub_results: subResults(inner) }),
      },
    ]),
  );
}
