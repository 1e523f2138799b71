import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import type { TestResult, TestTraceOptions } from '@writ/rego';
import { Command, Option } from 'commander';
import { readCapabilitiesFile, readSchemas } from '../check/read-options.ts';
import { type CommandContext, withAction } from '../command.ts';
import { readBundles } from '../compose/find-bundles.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { readDurationMs } from '../load/durations.ts';
import { loadPaths } from '../load/load-paths.ts';
import { type BundleTestOptions, type Tested, testedOf, testInThreads } from '../test-bundle.ts';
import { junitXml } from '../test-report/junit.ts';
import { opaTestJson } from '../test-report/opa-json.ts';
import { showFailures, showRun } from '../test-report/pretty.ts';
import { resultsOf, type UnitRun } from '../test-report/unit-run.ts';
import { watchPaths } from '../test-report/watch-paths.ts';

interface TestCommandOptions {
  readonly run?: string;
  readonly coverage?: boolean;
  readonly threshold?: string;
  readonly verbose?: boolean;
  readonly explain?: 'fails' | 'full' | 'notes' | 'debug';
  readonly varValues?: boolean;
  readonly exitZeroOnSkipped?: boolean;
  readonly failOnEmpty?: boolean;
  readonly parallel: string;
  readonly watch?: boolean;
  readonly bench?: boolean;
  readonly count: string;
  readonly sort: 'none' | 'duration';
  readonly timeout?: string;
  readonly schema?: string;
  readonly capabilities?: string;
  readonly maxErrors: string;
  readonly ignore: string[];
  readonly v0Compatible?: boolean;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

/** `writ test PATH…`: the tests of policies, as `opa test` runs them. */
export function testCommand(): Command {
  const command = new Command('test')
    .description('Run the tests of policies: rules `test_…` in *_test.rego')
    .argument('<path...>', 'bundles, folders that hold some, or Rego and data files')
    .option('-r, --run <regex>', 'only tests whose path it matches')
    .option('-c, --coverage', 'say which lines no test reached')
    .option('--threshold <percent>', 'fail under this coverage')
    .option('-v, --verbose', 'list every test, and show how those that failed were evaluated')
    .addOption(
      new Option(
        '--explain <mode>',
        'what --verbose shows of an evaluation; notes and fails by default',
      ).choices(['fails', 'full', 'notes', 'debug']),
    )
    .option('--var-values', 'show what variables, references and calls were where a test stopped')
    .option('-z, --exit-zero-on-skipped', 'status 0 although `todo_test_…` were skipped')
    .option('--no-fail-on-empty', 'status 0 although there are no tests')
    .option('-p, --parallel <number>', 'how many tests may run at a time; 0 is one for each processor', '0')
    .option('--count <number>', 'run each test as often as this', '1')
    .option('--bench', 'say how long each test takes, one after another')
    .addOption(
      new Option('--sort <by>', 'order of tests in JSON').choices(['none', 'duration']).default('none'),
    )
    .option('--timeout <duration>', 'longest time of one test', '5s')
    .option('-s, --schema <path>', 'JSON Schema of the input, or a folder of schemas that annotations name')
    .option('--capabilities <file>', 'what policies may use, in the format of OPA’s capabilities.json')
    .option('-m, --max-errors <number>', 'how many errors of compiling are shown; 0 shows all', '10')
    .option(
      '--ignore <pattern>',
      'files and folders to leave out; folders are then read file by file, not as bundles; may be repeated',
      collect,
      [],
    )
    .option('-w, --watch', 'run again whenever a file changes')
    .option('--v0-compatible', 'read files as Rego v0')
    .addOption(
      new Option('-b, --bundle', 'paths are always bundles; taken so that scripts for opa run').hideHelp(),
    )
    .addOption(new Option('--fail-on-empty', 'this is so by default').hideHelp())
    .addOption(new Option('-t, --target <name>', 'only rego, this engine').choices(['rego']).hideHelp())
    .addHelpText(
      'after',
      '\nExamples:\n  npx writ test examples/tutorial --coverage\n  npx writ test policy --verbose --var-values\n  npx writ test policy --format junit > report.xml',
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
  const runs = await runUnits(paths, options, traced(format, options));
  const results = resultsOf(runs);
  if (results.length === 0 && options.failOnEmpty !== false)
    throw new CommandError(
      EXIT.badInput,
      'there are no tests',
      'name rules `test_…` in files that end in _test.rego',
    );
  if (format === 'json') process.stdout.write(`${opaTestJson(runs, { sort: options.sort })}\n`);
  else if (format === 'junit') process.stdout.write(junitXml(runs));
  else {
    for (const run of runs) showRun(output, run, options);
    showFailures(output, results, options);
  }
  const thin = runs.filter((run) => isThin(run, options.threshold));
  for (const { name } of thin) output.note(`${name}: coverage is under ${options.threshold} %`);
  if (format === 'pretty') output.line(summary(results));
  return statusOf(results, thin.length > 0, options);
}

/** Whose evaluation a report shows: that of failures for people, of all tests for programs. */
function traced(
  format: string,
  { verbose, varValues, explain }: TestCommandOptions,
): TestTraceOptions | undefined {
  if (verbose !== true || format === 'junit') return undefined;
  const isJson = format === 'json';
  return {
    of: isJson ? 'all' : 'failed',
    explain: explain ?? 'notes and fails',
    variables: isJson || varValues === true,
  };
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

async function runUnits(
  paths: readonly string[],
  options: TestCommandOptions,
  trace: TestTraceOptions | undefined,
): Promise<readonly UnitRun[]> {
  const count = wholeNumber('--count', options.count, 1);
  const threads = wholeNumber('--parallel', options.parallel, 0) || availableParallelism();
  const how: BundleTestOptions = {
    ...(trace !== undefined && { trace }),
    errorsMax: wholeNumber('--max-errors', options.maxErrors, 0),
    compile: {
      ...(options.schema !== undefined && { schemas: readSchemas(options.schema) }),
      ...(options.capabilities !== undefined && { capabilities: readCapabilitiesFile(options.capabilities) }),
    },
    ...(options.run !== undefined && { run: options.run }),
    ...(options.coverage !== undefined && { coverage: options.coverage }),
    ...(options.threshold !== undefined && { threshold: options.threshold }),
    ...(options.bench !== undefined && { bench: options.bench }),
    ...(options.timeout !== undefined && { timeoutMs: readDurationMs('--timeout', options.timeout) }),
  };
  const units = await readUnits(paths, options);
  const runs: UnitRun[] = [];
  for (let turn = 0; turn < count; turn++) {
    for (const [name, tested] of units)
      runs.push({ name, modules: tested.modules, report: await testInThreads(tested, threads, how) });
  }
  return runs;
}

/** Each bundle for itself, files together. */
async function readUnits(
  paths: readonly string[],
  { ignore, v0Compatible }: TestCommandOptions,
): Promise<readonly (readonly [name: string, tested: Tested])[]> {
  const files = paths.filter((path) => ignore.length > 0 || FILES.has(extname(path)));
  const bundles = await readBundles(paths.filter((path) => !files.includes(path)));
  const units = bundles.map((bundle) => [bundle.name, testedOf(bundle)] as const);
  if (files.length === 0) return units;
  const loaded = await loadPaths(files, { version: v0Compatible === true ? 0 : 1, ignore });
  return [...units, ['files', { about: 'files', ...loaded }]];
}

function wholeNumber(flag: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least) return number;
  throw new CommandError(EXIT.usage, `${flag} must be a whole number of at least ${least}, not \`${text}\``);
}

function isThin({ report }: UnitRun, threshold: string | undefined): boolean {
  if (threshold === undefined) return false;
  const percent = Number(threshold);
  if (!/^\d+(\.\d+)?$/.test(threshold) || percent > 100)
    throw new CommandError(EXIT.usage, `--threshold must be a number from 0 to 100, not \`${threshold}\``);
  return (report.coverage?.percent ?? 0) < percent;
}
