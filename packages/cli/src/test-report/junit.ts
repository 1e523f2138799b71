import type { TestResult } from '@writ/rego';
import { nameInPackage, type UnitRun } from './unit-run.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};
/** What XML 1.0 cannot hold, even escaped. */
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

function escaped(text: string): string {
  return text.replace(FORBIDDEN, '\ufffd').replace(/[&<>"]/g, (character) => ESCAPES[character]!);
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join('');
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(6);
}

/** Results as JUnit XML: a suite for each unit, a case for each test. */
export function junitXml(runs: readonly UnitRun[]): string {
  const total = (pick: (run: UnitRun) => number): number => runs.reduce((sum, run) => sum + pick(run), 0);
  const head = attributes({
    tests: total(({ report }) => report.results.length),
    failures: total(({ report }) => report.failed),
    errors: total(({ report }) => report.errors),
    time: seconds(total(({ report }) => report.durationMs)),
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${head}>\n${runs.map(suite).join('')}</testsuites>\n`;
}

function suite({ name, report }: UnitRun): string {
  const { results, failed: failures, errors, skipped, durationMs } = report;
  const head = attributes({
    name,
    tests: results.length,
    failures,
    errors,
    skipped,
    time: seconds(durationMs),
  });
  return `  <testsuite${head}>\n${results.map(testCase).join('')}  </testsuite>\n`;
}

function testCase(result: TestResult): string {
  const { file, row, durationMs, printed } = result;
  const head = attributes({
    classname: result.package.slice('data.'.length),
    name: nameInPackage(result),
    file,
    line: row,
    time: seconds(durationMs),
  });
  const inner = [
    outcomeElement(result),
    ...(printed.length > 0 ? [`<system-out>${escaped(printed.join('\n'))}</system-out>`] : []),
  ].filter((element) => element !== '');
  if (inner.length === 0) return `    <testcase${head}/>\n`;
  return `    <testcase${head}>\n${inner.map((element) => `      ${element}\n`).join('')}    </testcase>\n`;
}

function outcomeElement({ outcome, message, failedAt, failedCases }: TestResult): string {
  switch (outcome) {
    case 'pass':
      return '';
    case 'skipped':
      return '<skipped/>';
    case 'error':
      return `<error${attributes({ message: message ?? '' })}/>`;
    case 'fail': {
      const cases = failedCases === undefined ? '' : `cases: ${failedCases.join(', ')}`;
      const at =
        failedAt === undefined
          ? cases
          : `stopped at ${failedAt.location.file}:${failedAt.location.row}: ${failedAt.text}`;
      return `<failure${attributes({ message: at === '' ? 'the test is undefined or false' : at })}/>`;
    }
  }
}
