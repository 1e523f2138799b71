import type { ModuleSource } from '../policy-types.ts';
import type { Location } from '../syntax/ast.ts';
import type { TestOptions, TestResult } from '../tester/test-result.ts';
import type { Transported } from './transport.ts';

/** What a thread that runs tests begins with. */
export interface TestThreadData {
  readonly sources: readonly ModuleSource[];
  readonly data: Transported;
  readonly options: Omit<TestOptions, 'data' | 'host'>;
  /** Shared by all threads: the place of the next test that nobody has taken. */
  readonly next: Int32Array<SharedArrayBuffer>;
  /** This thread's own: 1 as soon as it has taken a test. */
  readonly hasBegun: Int32Array<SharedArrayBuffer>;
}

/** What it found. */
export interface TestThreadReply {
  /** Results by the places of their tests. */
  readonly results: readonly (readonly [place: number, result: TestResult])[];
  /** What the tests reached, where that was asked for. */
  readonly passed: readonly Location[];
}
