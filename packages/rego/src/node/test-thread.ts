/** Takes tests that nobody has taken yet, until there are none. */
import { parentPort, workerData } from 'node:worker_threads';
import { CoverageObserver } from '../explain/coverage.ts';
import { compilePolicy } from '../policy.ts';
import { findTests } from '../tester/find-tests.ts';
import { runTest } from '../tester/run-test.ts';
import type { TestResult } from '../tester/test-result.ts';
import type { JsonObject } from '../value/index.ts';
import { nodeCrypto } from './crypto.ts';
import type { TestThreadData, TestThreadReply } from './test-thread-messages.ts';
import { fromTransport } from './transport.ts';

function run({ sources, data: sent, options, next, hasBegun }: TestThreadData): TestThreadReply {
  const data = fromTransport(sent) as JsonObject;
  const { policy } = compilePolicy(sources, { data, testCases: true });
  // They compiled where they come from.
  if (policy === undefined) throw new Error('the modules do not compile in another thread');
  const { modules } = policy;
  const tests = findTests(modules, options.filter);
  const coverage = options.coverage === true ? new CoverageObserver() : undefined;
  const testRun = { policy, modules, coverage, options: { ...options, data, host: { crypto: nodeCrypto } } };
  const results: [number, TestResult][] = [];
  for (;;) {
    const place = Atomics.add(next, 0, 1);
    const test = tests[place];
    if (test === undefined) break;
    Atomics.store(hasBegun, 0, 1);
    results.push([place, runTest(testRun, test)]);
  }
  return { results, passed: coverage?.passed() ?? [] };
}

parentPort?.postMessage(run(workerData as TestThreadData));
