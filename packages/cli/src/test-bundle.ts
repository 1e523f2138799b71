import type { Bundle } from '@writ/bundle';
import {
  compilePolicy,
  type JsonObject,
  type ModuleSource,
  renderDiagnostic,
  runTests,
  type TestReport,
} from '@writ/rego';
import { nodeCrypto } from '@writ/rego/node';
import { CommandError, EXIT } from './exit-status.ts';

/** Which tests to run, and whether to say what they reached. */
export interface BundleTestOptions {
  /** Only tests whose path this regular expression matches. */
  readonly run?: string;
  readonly coverage?: boolean;
  /** Least coverage in percent; asks for coverage. */
  readonly threshold?: string;
  /** Longest time of one test. */
  readonly timeoutMs?: number;
  /** Runs each test over and over, and says how long it takes. */
  readonly bench?: boolean;
}

const BENCH_MS = 1_000;

/**
 * Runs the tests of one bundle: rules `test_…`, in its modules and `*_test.rego`.
 *
 * @throws CommandError with status 65 where the bundle does not compile, 64 where `run` is no regular expression.
 */
export function testBundle(bundle: Bundle, options: BundleTestOptions = {}): TestReport {
  const modules = [...bundle.modules, ...bundle.testModules];
  return testModules(`bundle ${bundle.name}`, modules, bundle.data as JsonObject, options);
}

/** As {@link testBundle}, for modules and data of any origin. */
export function testModules(
  name: string,
  modules: readonly ModuleSource[],
  data: JsonObject,
  options: BundleTestOptions = {},
): TestReport {
  const compiled = compilePolicy(modules, { data, testCases: true });
  if (compiled.policy === undefined) {
    const texts = new Map(modules.map(({ file, text }) => [file, text]));
    const rendered = compiled.diagnostics.map((each) =>
      renderDiagnostic(each, texts.get(each.location.file) ?? ''),
    );
    throw new CommandError(EXIT.badInput, `${name} does not compile\n${rendered.join('\n\n')}`);
  }
  return runTests(compiled.policy, {
    data,
    host: { crypto: nodeCrypto },
    coverage: options.coverage === true || options.threshold !== undefined,
    ...(options.timeoutMs !== undefined && { deadlineMs: options.timeoutMs }),
    ...(options.bench === true && { benchMs: BENCH_MS }),
    ...(options.run === undefined ? {} : { filter: toRegExp(options.run) }),
  });
}

function toRegExp(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new CommandError(EXIT.usage, `--run: ${(error as Error).message}`);
  }
}
