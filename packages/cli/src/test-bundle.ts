import type { Bundle } from '@writ/bundle';
import {
  type CompileOptions,
  compilePolicy,
  type JsonObject,
  type ModuleSource,
  type Policy,
  renderDiagnostic,
  runTests,
  type TestOptions,
  type TestReport,
} from '@writ/rego';
import { nodeCrypto, runTestsInThreads } from '@writ/rego/node';
import { CommandError, EXIT } from './exit-status.ts';

/** Which tests to run, and whether to say what they reached. */
export interface BundleTestOptions extends Pick<TestOptions, 'trace'> {
  /** Only tests whose path this regular expression matches. */
  readonly run?: string;
  readonly coverage?: boolean;
  /** Least coverage in percent; asks for coverage. */
  readonly threshold?: string;
  /** Longest time of one test. */
  readonly timeoutMs?: number;
  /** Runs each test over and over, and says how long it takes. */
  readonly bench?: boolean;
  /** How the modules are compiled. */
  readonly compile?: Pick<CompileOptions, 'schemas' | 'capabilities'>;
  /** How many compile errors are shown; all where it is 0 or absent. */
  readonly errorsMax?: number;
}

/** Modules and data whose tests are run. */
export interface Tested {
  /** How errors name it. */
  readonly about: string;
  readonly modules: readonly ModuleSource[];
  readonly data: JsonObject;
}

const BENCH_MS = 1_000;

/**
 * Runs the tests of one bundle: rules `test_…`, in its modules and `*_test.rego`.
 *
 * @throws CommandError with status 65 where the bundle does not compile, 64 where `run` is no regular expression.
 */
export function testBundle(bundle: Bundle, options: BundleTestOptions = {}): TestReport {
  return testModules(testedOf(bundle), options);
}

/** As {@link testBundle}, for modules and data of any origin. */
export function testModules(tested: Tested, options: BundleTestOptions = {}): TestReport {
  const testOptions = { ...testOptionsOf(tested, options), host: { crypto: nodeCrypto } };
  return runTests(compiled(tested, options), testOptions);
}

/** As {@link testModules}, up to so many tests at a time. */
export function testInThreads(
  tested: Tested,
  threads: number,
  options: BundleTestOptions,
): Promise<TestReport> {
  const testOptions = { ...testOptionsOf(tested, options), threads };
  return runTestsInThreads(compiled(tested, options), tested.modules, testOptions);
}

/** What of a bundle its tests need. */
export function testedOf(bundle: Bundle): Tested {
  const modules = [...bundle.modules, ...bundle.testModules];
  return { about: `bundle ${bundle.name}`, modules, data: bundle.data as JsonObject };
}

function compiled({ about, modules, data }: Tested, { compile, errorsMax = 0 }: BundleTestOptions): Policy {
  const { policy, diagnostics } = compilePolicy(modules, { ...compile, data, testCases: true });
  if (policy !== undefined) return policy;
  const texts = new Map(modules.map(({ file, text }) => [file, text]));
  const shown = errorsMax === 0 ? diagnostics : diagnostics.slice(0, errorsMax);
  const left = diagnostics.length - shown.length;
  const rendered = [
    ...shown.map((each) => renderDiagnostic(each, texts.get(each.location.file) ?? '')),
    ...(left === 0 ? [] : [`and ${left} more; --max-errors 0 shows all`]),
  ];
  throw new CommandError(EXIT.badInput, `${about} does not compile\n${rendered.join('\n\n')}`);
}

function testOptionsOf({ data }: Tested, options: BundleTestOptions): TestOptions {
  const { coverage, threshold, timeoutMs, bench, run, trace } = options;
  return {
    data,
    coverage: coverage === true || threshold !== undefined,
    ...(timeoutMs !== undefined && { deadlineMs: timeoutMs }),
    ...(bench === true && { benchMs: BENCH_MS }),
    ...(run !== undefined && { filter: toRegExp(run) }),
    ...(trace !== undefined && { trace }),
  };
}

function toRegExp(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new CommandError(EXIT.usage, `--run: ${(error as Error).message}`);
  }
}
