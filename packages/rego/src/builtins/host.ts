import type { Value } from '../value/index.ts';
import type { Family } from './define.ts';

/** What the evaluation's surroundings answer. Source: OPA's `topdown/runtime.go`. */
export const HOST: Family = {
  'opa.runtime': (context) => context.runtime,
  'internal.test_case': (context, name) => {
    context.testCase(name as readonly Value[]);
    return true;
  },
};
