import { extname } from 'node:path';
import { type TestResult, toJson } from '@writ/rego';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { readBundles } from '../compose/find-bundles.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { readDurationMs } from '../load/durations.ts';
import { loadPaths } from '../load/load-paths.ts';
import type { Output } from '../output/output.ts';
import { durationText } from '../present/present-results.ts';
import { type BundleTestOptions, testBundle, testModules } from '../test-bundle.ts';
import { junitXml } from '../test-report/junit.ts';
import { opaTestJson } from '../test-report/opa-json.ts';
import { resultsOf, type UnitRun } from '../test-report/unit-run.ts';
import { watchPaths } from '../test-report/watch-paths.ts';

interface TestCommandOptions extends Omit<BundleTestOptions, 'timeoutMs'> {
  readonly verbose?: boolean;
  readonly exitZeroOnSkipped?: boolean;
  readonly watch?: boolean;
  readonly bench?: boolean;
  readonly count: string;
  readonly timeout?: string;
  readonly v0Compatible?: boolean;
}

/** `writ test PATH…`: the tests of policies, as `opa test` runs them. */
export function testCommand(): Command {
  const command = new Command('test')
    .description('Run the tests of policies: rules `test_…` in *_test.rego')
    .argument('<path...>', 'bundles, folders that hold some, or Rego and data files')
    .option('-r, --run <regex>', 'only tests whose path it matches')
    .option('-c, --coverage', 'say which lines no test reached')
    .option('--threshold <percent>', 'fail under this coverage')
    .option('-v, --verbose', 'list every test')
    .option('-z, --exit-zero-on-skipped', 'status 0 although `todo_test_…` were skipped')
    .option('--count <number>', 'run each test as often as this', '1')
    .option('--bench', 'say how long each test takes')
    .option('--timeout <duration>', 'longest time of one test', '5s')
    .option('-w, --watch', 'run again whenever a file changes')
    .option('--v0-compatible', 'read files as Rego v0')
    .addHelpText(
      'after',
      '\nExamples:\n  npx writ test examples/tutorial --coverage\n  npx writ test policy --format junit > report.xml',
    );
  const formats = {
    flag: '-f, --format <format>',
    choices: ['pretty', 'json', 'junit'],
    initial: 'pretty',
    about: 'pretty for people, json as opa test prints it, junit for build servers',
  };
  return withAction(
    command,
    async (context: CommandContext, paths: string[], options: TestCommandOptions) => {
      const once = (): Promise<number> => runOnce(context, paths, options);
      const status = await once();
      if (options.watch !== true) return status;
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort());
      context.output.note('watching; Ctrl-C ends');
      await watchPaths(
        paths,
        async () => void (await once().catch((error: Error) => context.output.note(error.message))),
        stop.signal,
      );
      return EXIT.ok;
    },
    formats,
  );
}

async function runOnce(
  { output, format }: CommandContext,
  paths: readonly string[],
  options: TestCommandOptions,
): Promise<number> {
  const runs = await runUnits(paths, options);
  if (format === 'json') process.stdout.write(`${JSON.stringify(opaTestJson(runs), null, 2)}\n`);
  else if (format === 'junit') process.stdout.write(junitXml(runs));
  else for (const run of runs) showRun(output, run, options);
  const results = resultsOf(runs);
  if (results.length === 0)
    throw new CommandError(
      EXIT.badInput,
      'there are no tests',
      'name rules `test_…` in files that end in _test.rego',
    );
  const thin = runs.filter((run) => isThin(run, options.threshold));
  for (const { name } of thin) output.note(`${name}: coverage is under ${options.threshold} %`);
  if (format === 'pretty') output.line(summary(results));
  return statusOf(results, thin.length > 0, options);
}

function statusOf(
  results: readonly TestResult[],
  isThinSomewhere: boolean,
  options: TestCommandOptions,
): number {
  const has = (...outcomes: readonly TestResult['outcome'][]): boolean =>
    results.some(({ outcome }) => outcomes.includes(outcome));
  const skippedCounts = options.exitZeroOnSkipped !== true && has('skipped');
  return has('fail', 'error') || skippedCounts || isThinSomewhere ? EXIT.no : EXIT.ok;
}

function summary(results: readonly TestResult[]): string {
  const count = (...outcomes: readonly TestResult['outcome'][]): number =>
    results.filter(({ outcome }) => outcomes.includes(outcome)).length;
  return `${count('pass')} passed, ${count('fail', 'error')} failed, ${count('skipped')} skipped`;
}

const FILES: ReadonlySet<string> = new Set(['.rego', '.json', '.yaml', '.yml']);

async function runUnits(paths: readonly string[], options: TestCommandOptions): Promise<readonly UnitRun[]> {
  const count = Number(options.count);
  if (!Number.isInteger(count) || count < 1)
    throw new CommandError(EXIT.usage, `--count must be a whole number above 0, not \`${options.count}\``);
  const how: BundleTestOptions = {
    ...options,
    ...(options.timeout !== undefined && { timeoutMs: readDurationMs('--timeout', options.timeout) }),
  };
  const files = paths.filter((path) => FILES.has(extname(path)));
  const bundles = await readBundles(paths.filter((path) => !files.includes(path)));
  const loaded = await loadPaths(files, { version: options.v0Compatible === true ? 0 : 1 });
  const runs: UnitRun[] = [];
  for (let turn = 0; turn < count; turn++) {
    for (const bundle of bundles) runs.push({ name: bundle.name, report: testBundle(bundle, how) });
    if (files.length > 0)
      runs.push({ name: 'files', report: testModules('files', loaded.modules, loaded.data, how) });
  }
  return runs;
}

function isThin({ report }: UnitRun, threshold: string | undefined): boolean {
  if (threshold === undefined) return false;
  if (!/^\d+(\.\d+)?$/.test(threshold))
    throw new CommandError(EXIT.usage, `--threshold must be a number, not \`${threshold}\``);
  return (report.coverage?.percent ?? 0) < Number(threshold);
}

function showRun(output: Output, { name, report }: UnitRun, options: TestCommandOptions): void {
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

const STYLES = { pass: 'green', fail: 'red', error: 'red', skipped: 'yellow' } as const;

function showResult(output: Output, result: TestResult): void {
  output.line(
    `${output.style(STYLES[result.outcome], result.outcome.padEnd(7))} ${result.path}  ${result.file}:${result.row}`,
  );
  if (result.message !== undefined) output.line(`        ${result.message}`);
  for (const name of result.failedCases ?? []) output.line(`        case ${name}`);
  if (result.failedAt !== undefined) {
    const { location, text, variables } = result.failedAt;
    output.line(`        stopped at ${location.file}:${location.row}: ${text}`);
    for (const [name, value] of Object.entries(variables))
      output.line(`          ${name} = ${toJson(value)}`);
  }
  for (const line of result.printed) output.line(`        print: ${line}`);
}
