import type { PolicyBackend } from '../../src/index.ts';
import { compilePolicy } from '../../src/index.ts';
import { BACKENDS } from '../support/back-ends.ts';
import { runCase } from '../support/corpus.ts';
import type { CaseResult, Corpus } from './outcome.ts';
import { failed, passed } from './outcome.ts';

/** Cases of OPA's evaluation corpus that this engine cannot meet. */
export const KNOWN_EVALUATION_FAILURES: Readonly<Record<string, string>> = {
  'time/time caching': 'calls test.sleep, a builtin that only OPA’s own runner has',
  'sprintf/float/exponent': 'a number is its value here, not its text: 1e2 formats as 100, as an integer',
  'sprintf/float/zero_fraction':
    'a number is its value here, not its text: 100.0 formats as 100, as an integer',
  'strings/sprintf: float too big': 'a number is its value here, not its text: 2e308 prints its digits',
  'providers-aws-sign_req/failure-simple-bad timestamp':
    'a number is its value here, not its text: -1e9 is an integer',
};

function evaluationCorpus(version: 'v0' | 'v1', backend: PolicyBackend): Corpus {
  return {
    name: `evaluation ${version} on ${backend}`,
    known: KNOWN_EVALUATION_FAILURES,
    run: async (oracle) => {
      const cases = await oracle.cases(version);
      const compile: typeof compilePolicy = (sources, options) =>
        compilePolicy(sources, { ...options, backend });
      const results: CaseResult[] = [];
      for (const { case: each } of cases) {
        const outcome = await runCase(each, version === 'v0' ? 0 : 1, compile);
        // What the engine refuses as unsupported is a case that it does not meet.
        results.push(outcome.kind === 'pass' ? passed(each.note) : failed(each.note, outcome.message));
      }
      return results;
    },
  };
}

/** OPA's evaluation cases, on each back end. */
export const EVALUATION: readonly Corpus[] = BACKENDS.flatMap((backend) =>
  (['v0', 'v1'] as const).map((version) => evaluationCorpus(version, backend)),
);
