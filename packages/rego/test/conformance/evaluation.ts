import type { PolicyBackend } from '../../src/index.ts';
import { compilePolicy } from '../../src/index.ts';
import { BACKENDS } from '../support/back-ends.ts';
import { runCase } from '../support/corpus.ts';
import type { CaseResult, Corpus } from './outcome.ts';
import { failed, passed } from './outcome.ts';

/** Cases of OPA's evaluation corpus that this engine cannot meet. */
export const KNOWN_EVALUATION_FAILURES: Readonly<Record<string, string>> = {};

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
