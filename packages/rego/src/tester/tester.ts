import type { EvaluationHost, EvaluationOptions } from '../eval/evaluation.ts';
import type { CoverageReport } from '../explain/coverage.ts';
import { CoverageObserver, coverageReport } from '../explain/coverage.ts';
import type { Policy, PreparedQuery } from '../policy-types.ts';
import type { Observer } from '../runtime/observer.ts';
import type { Location, Module, Rule } from '../syntax/ast.ts';
import { isObject, objectEntries, toJson } from '../value/index.ts';
import type { JsonObject, Value } from '../value/value.ts';

/** How tests are to be run. */
export interface TestOptions {
  /** Base data for all tests. */
  readonly data?: JsonObject;
  /** Only tests whose `data.…` path it matches. */
  readonly filter?: RegExp;
  /** Runs each test over and over for this time, and says how long it takes. */
  readonly benchMs?: number;
  /** Whether to count the lines that the tests run. */
  readonly coverage?: boolean;
  /** Milliseconds that one test may take; 5,000 by default. */
  readonly deadlineMs?: number;
  readonly host?: EvaluationHost;
}

/** The literal at which a test stopped. */
export interface FailedLiteral {
  readonly location: Location;
  /** As written. */
  readonly text: string;
  /** Values of the variables in it. */
  readonly variables: Readonly<Record<string, Value>>;
}

/** One case of a test. */
export interface TestCaseResult {
  readonly name: string;
  readonly passed: boolean;
  /** Cases inside of it. */
  readonly cases?: readonly TestCaseResult[];
}

/** What became of one test. */
export interface TestResult {
  /** `data.agent.tools_test.test_allow` */
  readonly path: string;
  readonly name: string;
  readonly file: string;
  readonly row: number;
  /** A `todo_test_…` is skipped; an evaluation that ended without an answer is an error. */
  readonly outcome: 'pass' | 'fail' | 'error' | 'skipped';
  readonly durationMs: number;
  /** What the test printed. */
  readonly printed: readonly string[];
  /** Of an error: `code: message`. */
  readonly message?: string;
  /** Of a failure, where it is known. */
  readonly failedAt?: FailedLiteral;
  /** Of a test with cases (`test_x[name] if …`): what became of each. */
  readonly cases?: readonly TestCaseResult[];
  /** Names of the cases that failed; of cases within cases `outer/inner`. */
  readonly failedCases?: readonly string[];
  /** How long the test takes, where that was asked for. */
  readonly bench?: { readonly runs: number; readonly nsPerRun: number };
}

/** What a run of tests gives. */
export interface TestReport {
  readonly results: readonly TestResult[];
  readonly passed: number;
  readonly failed: number;
  readonly errors: number;
  readonly skipped: number;
  readonly durationMs: number;
  readonly coverage?: CoverageReport;
}

const DEADLINE_MS_DEFAULT = 5_000;

interface Test {
  readonly path: string;
  readonly name: string;
  readonly skipped: boolean;
  /** Its head goes on after its name, by what the cases are called. */
  readonly hasCases: boolean;
  readonly module: Module;
  readonly rule: Rule;
}

/** Runs the tests of a policy: its rules `test_…`, as `opa test` does. */
export function runTests(policy: Policy, options: TestOptions = {}): TestReport {
  const coverage = options.coverage === true ? new CoverageObserver() : undefined;
  const start = performance.now();
  const results = testsOf(policy, options.filter).map((test) => runTest(policy, test, options, coverage));
  const count = (outcome: TestResult['outcome']) =>
    results.filter((result) => result.outcome === outcome).length;
  return {
    results,
    passed: count('pass'),
    failed: count('fail'),
    errors: count('error'),
    skipped: count('skipped'),
    durationMs: performance.now() - start,
    ...(coverage !== undefined && { coverage: coverageReport(policy.modules, coverage) }),
  };
}

const SCALARS: ReadonlySet<string> = new Set(['null', 'boolean', 'number', 'string']);

function testsOf(policy: Policy, filter: RegExp | undefined): Test[] {
  const tests = new Map<string, Test>();
  for (const module of policy.modules) {
    for (const rule of module.rules) {
      const steps: string[] = [];
      for (const term of rule.head.ref) {
        if (term.kind !== 'string') break;
        steps.push(term.value);
      }
      // What stands after the name in a head calls its cases.
      const at = steps.findIndex((step) => /^(todo_)?test_/.test(step));
      const name = steps[at] ?? '';
      const isTest = at >= 0 && rule.head.form !== 'function' && !rule.isDefault;
      steps.length = at + 1;
      const path = ['data', ...module.package.path, ...steps].join('.');
      if (!isTest || tests.has(path) || filter?.test(path) === false) continue;
      const after = rule.head.ref.slice(steps.length);
      const hasCases = rule.head.form !== 'partial-set' && after.some(({ kind }) => !SCALARS.has(kind));
      tests.set(path, { path, name, skipped: name.startsWith('todo_'), hasCases, module, rule });
    }
  }
  return [...tests.values()];
}

function runTest(
  policy: Policy,
  test: Test,
  options: TestOptions,
  coverage: CoverageObserver | undefined,
): TestResult {
  const place = { path: test.path, name: test.name, file: test.module.file, row: test.rule.location.row };
  if (test.skipped) return { ...place, outcome: 'skipped', durationMs: 0, printed: [] };
  const printed: string[] = [];
  const reached: (readonly Value[])[] = [];
  const host: EvaluationHost = {
    ...options.host,
    testCase: (name) => reached.push(name),
    printed: (message) => {
      printed.push(message);
      options.host?.printed?.(message);
    },
  };
  const query = policy.prepare(test.path.slice('data.'.length).replaceAll('.', '/'));
  const evaluation = {
    deadlineMs: options.deadlineMs ?? DEADLINE_MS_DEFAULT,
    ...(options.data !== undefined && { data: options.data }),
  };
  const start = performance.now();
  const result = query.evaluate(undefined, {
    ...evaluation,
    host,
    ...(coverage !== undefined && { observer: coverage }),
  });
  const common = { ...place, durationMs: performance.now() - start, printed };
  if (result.kind === 'error') {
    return { ...common, outcome: 'error', message: `${result.code}: ${result.message}` };
  }
  const cases =
    test.hasCases && result.kind === 'value' ? withReached(casesOf(result.value), reached) : undefined;
  const judged = { ...common, ...(cases !== undefined && { cases }) };
  const passed = result.kind === 'value' && (cases === undefined ? result.value === true : allPass(cases));
  if (passed) {
    const bench = options.benchMs === undefined ? undefined : benchOf(query, evaluation, options.benchMs);
    return { ...judged, outcome: 'pass', ...(bench !== undefined && { bench }) };
  }
  const finder = new FailureFinder(test);
  query.evaluate(undefined, { ...evaluation, observer: finder });
  const failedCases = cases && failedNames(cases);
  return {
    ...judged,
    outcome: 'fail',
    ...(finder.found !== undefined && { failedAt: finder.found }),
    ...(failedCases !== undefined && { failedCases }),
  };
}

/** The cases of a test, which are the members of its value; each passes where it is true, or where all in it pass. */
function casesOf(value: Value): readonly TestCaseResult[] {
  if (!isObject(value)) return [];
  return objectEntries(value).map(([key, outcome]) => {
    const name = caseName(key);
    if (!isObject(outcome)) return { name, passed: outcome === true || outcome === null };
    const cases = casesOf(outcome);
    return { name, passed: allPass(cases), cases };
  });
}

function caseName(step: Value): string {
  return typeof step === 'string' ? step : toJson(step);
}

/** Cases that a test came to and that have no value have failed. */
function withReached(
  cases: readonly TestCaseResult[],
  reached: readonly (readonly Value[])[],
): readonly TestCaseResult[] {
  const result = [...cases];
  for (const [first, ...rest] of reached) {
    if (first === undefined) continue;
    const name = caseName(first);
    const index = result.findIndex((one) => one.name === name);
    const known = result[index] ?? { name, passed: rest.length > 0 };
    const inner = rest.length === 0 ? known.cases : withReached(known.cases ?? [], [rest]);
    const passed = known.passed && (inner === undefined || allPass(inner));
    const updated = { name, passed, ...(inner !== undefined && { cases: inner }) };
    if (index < 0) result.push(updated);
    else result[index] = updated;
  }
  return result;
}

/** Names of the innermost cases that failed, with those around them. */
function failedNames(cases: readonly TestCaseResult[]): string[] {
  return cases
    .filter(({ passed }) => !passed)
    .flatMap(({ name, cases: inner = [] }) => {
      const below = failedNames(inner);
      return below.length === 0 ? [name] : below.map((one) => `${name}/${one}`);
    });
}

function allPass(cases: readonly TestCaseResult[]): boolean {
  return cases.every(({ passed }) => passed);
}

function benchOf(
  query: PreparedQuery,
  evaluation: EvaluationOptions,
  durationMs: number,
): NonNullable<TestResult['bench']> {
  const start = performance.now();
  let runs = 0;
  let elapsed = 0;
  while (elapsed < durationMs) {
    query.evaluate(undefined, evaluation);
    runs += 1;
    elapsed = performance.now() - start;
  }
  return { runs, nsPerRun: (elapsed / runs) * 1e6 };
}

/** Remembers the furthest literal of the test's own body that did not go on. */
class FailureFinder implements Observer {
  found: FailedLiteral | undefined;
  readonly #test: Test;

  constructor(test: Test) {
    this.#test = test;
  }

  enter(): void {}

  exit(): void {}

  fail(source: Location, variables: () => Readonly<Record<string, Value>>): void {
    const { location } = this.#test.rule;
    if (source.file !== location.file || source.start < location.start || source.end > location.end) return;
    if (this.found !== undefined && source.start < this.found.location.start) return;
    const text = this.#test.module.text.slice(source.start, source.end);
    this.found = { location: source, text, variables: variables() };
  }
}
