import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { SuiteReport } from './counting-reporter.ts';
import { type CommandResult, runCommand } from './run-command.ts';

const root = join(import.meta.dirname, '..');

export interface TestRun {
  /** Absent where the runner left none: then nothing is known, and the run has failed. */
  readonly report: SuiteReport | undefined;
  readonly ok: boolean;
  readonly output: string;
  readonly seconds: number;
}

/**
 * Runs vitest and reads what its reporter counted. A test file whose process was killed by a signal (Node 24 rarely
 * crashes while a worker thread with an SQLite database ends) is run once more, and that is said; a second crash fails.
 */
export async function runTests(name: string, args: readonly string[], show: boolean): Promise<TestRun> {
  const first = await runOnce(`${name}.json`, args, show);
  const crashed = first.report?.crashed ?? [];
  if (first.report === undefined || crashed.length === 0) return verdict(first.report, first.result, []);
  console.log(
    `A signal killed the process of ${crashed.map((file) => relative(root, file)).join(', ')}: run once more.`,
  );
  const second = await runOnce(`${name}-again.json`, crashed, show);
  const sum = second.report === undefined ? undefined : add(first.report, second.report);
  return verdict(sum, second.result, [first.result]);
}

async function runOnce(file: string, args: readonly string[], show: boolean) {
  const path = join(root, '.cache/reports', file);
  rmSync(path, { force: true });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const words = ['run', '--reporter=default', '--reporter=./tools/counting-reporter.ts', ...args];
  const result = await runCommand(process.execPath, [vitest, ...words], {
    show,
    env: { WRIT_REPORT: path },
    cwd: root,
  });
  return { result, report: readReport(path) };
}

function readReport(path: string): SuiteReport | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function add(first: SuiteReport, second: SuiteReport): SuiteReport {
  const skips: Record<string, number> = { ...first.skips };
  for (const [reason, count] of Object.entries(second.skips)) skips[reason] = (skips[reason] ?? 0) + count;
  return {
    passed: first.passed + second.passed,
    failed: first.failed + second.failed,
    skipped: first.skipped + second.skipped,
    skips,
    crashed: second.crashed,
  };
}

function verdict(
  report: SuiteReport | undefined,
  last: CommandResult,
  before: readonly CommandResult[],
): TestRun {
  const all = [...before, last];
  const counted =
    report !== undefined && report.failed === 0 && report.passed > 0 && report.crashed.length === 0;
  return {
    report,
    // The first run of a crashed file ends with an error of its own; what counts then is its counts and the second run.
    ok: counted && last.status === 0,
    output: all.map(({ output }) => output).join('\n'),
    seconds: all.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}
