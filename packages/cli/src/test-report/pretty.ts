import { type TestResult, traceText } from '@writ/rego';
import type { Output } from '../output/output.ts';
import { durationText } from '../present/present-results.ts';
import { failedLiteralText } from './failed-literal-text.ts';
import type { UnitRun } from './unit-run.ts';

/** What a report shows beside the outcomes. */
export interface PrettyReportOptions {
  readonly verbose?: boolean;
  readonly bench?: boolean;
  readonly varValues?: boolean;
}

const RULE = '-'.repeat(80);
const STYLES = { pass: 'green', fail: 'red', error: 'red', skipped: 'yellow' } as const;

/** Shows the tests of one unit, and what they reached. */
export function showRun(output: Output, { name, report }: UnitRun, options: PrettyReportOptions): void {
  for (const result of report.results) {
    if (options.bench === true) showBench(output, result);
    else if (options.verbose === true || result.outcome !== 'pass') showResult(output, result);
  }
  if (report.coverage === undefined) return;
  output.line(`${name}: ${report.coverage.percent.toFixed(1)} % of lines covered`);
  for (const { file, missedRows } of report.coverage.files) {
    if (missedRows.length > 0) output.line(`  ${file}: not reached: ${missedRows.join(', ')}`);
  }
}

function showBench(output: Output, { path, bench, outcome }: TestResult): void {
  const text = bench === undefined ? outcome : `${bench.runs} runs  ${durationText(bench.nsPerRun)} each`;
  output.line(`${path.padEnd(50)} ${text}`);
}

function showResult(output: Output, result: TestResult): void {
  output.line(
    `${output.style(STYLES[result.outcome], result.outcome.padEnd(7))} ${result.path}  ${result.file}:${result.row}`,
  );
  if (result.message !== undefined) output.line(`        ${result.message}`);
  for (const name of result.failedCases ?? []) output.line(`        case ${name}`);
  if (result.failedAt !== undefined) {
    const { location, text, parts } = result.failedAt;
    output.line(`        stopped at ${location.file}:${location.row}: ${text}`);
    for (const { text: part, value } of parts) output.line(`          ${part} = ${value ?? 'undefined'}`);
  }
  for (const line of result.printed) output.line(`        print: ${line}`);
}

/** The evaluations of the tests that failed (`--verbose`), and the values where they stopped (`--var-values`), as OPA shows them. */
export function showFailures(
  output: Output,
  results: readonly TestResult[],
  options: PrettyReportOptions,
): void {
  const failures = results.filter(({ outcome }) => outcome === 'fail');
  if (failures.length === 0 || (options.verbose !== true && options.varValues !== true)) return;
  for (const line of [RULE, 'FAILURES', RULE]) output.line(line);
  for (const { path, durationMs, trace = [], failedAt, failedCases = [] } of failures) {
    output.line(`${path}: FAIL (${durationText(durationMs * 1e6)})`);
    for (const name of failedCases) output.line(`  ${name}: FAIL`);
    output.line();
    if (options.verbose === true) {
      const text = traceText(trace, { variables: options.varValues === true });
      if (text !== '') output.line(indented(text, 2));
    }
    if (options.varValues === true && failedAt !== undefined) {
      const { file, row } = failedAt.location;
      const by = failedCases.length > 0 ? 6 : 2;
      output.line(indented(`${file}:${row}:\n${indented(failedLiteralText(failedAt), 2)}\n`, by));
    }
  }
  output.line(RULE);
}

function indented(text: string, by: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(by));
}
