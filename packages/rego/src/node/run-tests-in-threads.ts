import { Worker } from 'node:worker_threads';
import { CoverageObserver } from '../explain/coverage.ts';
import type { ModuleSource, Policy } from '../policy-types.ts';
import { findTests, type Test } from '../tester/find-tests.ts';
import { runTest, type TestRun } from '../tester/run-test.ts';
import type { TestOptions, TestReport, TestResult } from '../tester/test-result.ts';
import { testReport } from '../tester/tester.ts';
import { nodeCrypto } from './crypto.ts';
import type { TestThreadData, TestThreadReply } from './test-thread-messages.ts';
import { toTransport } from './transport.ts';

/** How tests run in several threads. Their host is Node. */
export interface ThreadedTestOptions extends Omit<TestOptions, 'host'> {
  /** How many tests may run at a time, this thread's included. */
  readonly threads: number;
  /**
   * For how long this thread works alone, ms: a suite that is done by then needs no other, and starting one would make
   * it slower; 150 by default.
   */
  readonly aloneMs?: number;
}

const ALONE_MS_DEFAULT = 150;
/** About what a thread takes to load its code and to compile; what takes less is done before it begins. */
const STARTING_MS = 300;

/**
 * Runs tests as `runTests` does, with the same report in the same order, in several threads where they take long. Each
 * thread compiles the modules for itself. Benchmarks run one after another.
 *
 * @param policy compiled of `sources`, with `testCases`
 */
export async function runTestsInThreads(
  policy: Policy,
  sources: readonly ModuleSource[],
  { threads, aloneMs = ALONE_MS_DEFAULT, ...options }: ThreadedTestOptions,
): Promise<TestReport> {
  const start = performance.now();
  const { modules } = policy;
  const coverage = options.coverage === true ? new CoverageObserver() : undefined;
  const run: TestRun = { policy, modules, coverage, options: { ...options, host: { crypto: nodeCrypto } } };
  const tests = findTests(modules, options.filter);
  const results: (TestResult | undefined)[] = tests.map(() => undefined);
  const next = sharedCell();
  const others: TestThread[] = [];
  const wanted = options.benchMs === undefined ? threads - 1 : 0;
  for (;;) {
    const elapsedMs = performance.now() - start;
    const done = Atomics.load(next, 0);
    const left = tests.length - done;
    const isWorthIt = done === 0 || (elapsedMs / done) * left >= STARTING_MS;
    if (elapsedMs >= aloneMs && isWorthIt && others.length === 0) {
      for (let count = Math.min(wanted, left - 1); count > 0; count--)
        others.push(new TestThread(sources, options, next));
    }
    const place = Atomics.add(next, 0, 1);
    const test = tests[place];
    if (test === undefined) break;
    results[place] = runTest(run, test);
  }
  for (const reply of await Promise.all(others.map((thread) => thread.finish()))) {
    for (const [place, result] of reply?.results ?? []) results[place] = result;
    coverage?.add(reply?.passed ?? []);
  }
  return testReport(run, complete(results, tests, run), performance.now() - start);
}

/** What a thread had taken that ended without an answer is run here. */
function complete(
  results: readonly (TestResult | undefined)[],
  tests: readonly Test[],
  run: TestRun,
): readonly TestResult[] {
  return results.map((result, place) => result ?? runTest(run, tests[place]!));
}

function sharedCell(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

class TestThread {
  readonly #worker: Worker;
  readonly #hasBegun = sharedCell();
  readonly #reply: Promise<TestThreadReply | undefined>;

  constructor(
    sources: readonly ModuleSource[],
    { data, ...options }: Omit<ThreadedTestOptions, 'threads'>,
    next: Int32Array<SharedArrayBuffer>,
  ) {
    const workerData: TestThreadData = {
      sources: sources.map(({ file, text, version }) => ({
        file,
        text,
        ...(version !== undefined && { version }),
      })),
      data: toTransport(data ?? {}),
      options,
      next,
      hasBegun: this.#hasBegun,
    };
    this.#worker = new Worker(new URL('./test-thread.ts', import.meta.url), {
      name: 'writ-tests',
      workerData,
    });
    this.#reply = new Promise((resolve) => {
      this.#worker.on('message', resolve);
      this.#worker.on('error', () => resolve(undefined));
      this.#worker.on('exit', () => resolve(undefined));
    });
  }

  /** When no tests are left: what it found, or nothing where it came too late or broke down. */
  async finish(): Promise<TestThreadReply | undefined> {
    if (Atomics.load(this.#hasBegun, 0) === 0) {
      await this.#worker.terminate();
      return undefined;
    }
    return this.#reply;
  }
}
