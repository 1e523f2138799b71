import type { Family } from './define.ts';

/** What the evaluation's surroundings answer. Source: OPA's `topdown/runtime.go`. */
export const HOST: Family = {
  'opa.runtime': (context) => context.runtime,
  // What a test case is called is seen by observers: nothing is to be done.
  'internal.test_case': () => true,
};
