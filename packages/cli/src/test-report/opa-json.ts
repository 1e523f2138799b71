import type { CoverageReport, Module, ModuleSource, TestCaseResult, TestResult } from '@writ/rego';
import { parseModule } from '@writ/rego';
import { opaCoverage } from '../present/opa-coverage.ts';
import { traceJson } from '../present/trace-json.ts';
import { nameInPackage, type UnitRun } from './unit-run.ts';

const NS_PER_MS = 1_000_000;

export interface OpaTestJsonOptions {
  /** By time, longest first, or as they come. */
  readonly sort?: 'none' | 'duration';
}

/** Results as `opa test --format json` prints them: an array, or the coverage where that was asked for. */
export function opaTestJson(runs: readonly UnitRun[], options: OpaTestJsonOptions = {}): string {
  const reports = runs.flatMap(({ report }) => report.coverage ?? []);
  if (reports.length > 0) return JSON.stringify(opaCoverage(together(reports)), null, 2);
  const results = runs.flatMap(({ modules, report }) => {
    const parsed = report.results.some(({ trace }) => trace !== undefined)
      ? modules.flatMap(parsedModule)
      : [];
    return report.results.map((result) => ({ result, parsed }));
  });
  if (options.sort === 'duration') results.sort((a, b) => b.result.durationMs - a.result.durationMs);
  return JSON.stringify(
    results.map(({ result, parsed }) => opaResult(result, parsed)),
    null,
    2,
  );
}

function parsedModule({ file, text, version }: ModuleSource): readonly Module[] {
  const { module } = parseModule(text, { file, ...(version !== undefined && { version }) });
  return module === undefined ? [] : [module];
}

function together(reports: readonly CoverageReport[]): CoverageReport {
  return { files: reports.flatMap(({ files }) => files), percent: 0 };
}

function opaResult(result: TestResult, modules: readonly Module[]): object {
  const { path, file, row, column, outcome, durationMs, printed, message, cases, trace = [] } = result;
  return {
    location: { file, row, col: column },
    package: result.package,
    name: nameInPackage(result),
    ...(outcome === 'fail' && { fail: true }),
    ...(outcome === 'error' && { error: { message } }),
    ...(outcome === 'skipped' && { skip: true }),
    duration: Math.round(durationMs * NS_PER_MS),
    ...(trace.length > 0 && { trace: traceJson(trace, { modules, query: `${path} = _` }) }),
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
