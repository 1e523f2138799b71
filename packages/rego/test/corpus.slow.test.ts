import { isSkip, type Oracle, startOracle } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KNOWN_EVALUATION_FAILURES } from './conformance/evaluation.ts';
import { runCase } from './support/corpus.ts';
import type { CaseOutcome } from './support/corpus-case.ts';

/** Every case passes, and none may be lost. */
const PASS_MIN: Readonly<Record<'v0' | 'v1', number>> = { v0: 2027, v1: 2392 };

const started = await startOracle();
let oracle: Oracle | undefined;
beforeAll(() => {
  if (!isSkip(started)) oracle = started;
});
afterAll(async () => {
  await oracle?.stop();
});

describe.skipIf(isSkip(started))(
  `OPA’s evaluation corpus${isSkip(started) ? ` (skipped: ${started.skip})` : ''}`,
  () => {
    test.each(['v0', 'v1'] as const)(
      '[P-REGO-CORPUS] %s: no wrong answer, and nothing fails but what is known',
      async (version) => {
        const cases = await oracle!.cases(version);
        const outcomes: { readonly note: string; readonly outcome: CaseOutcome }[] = [];
        for (const one of cases) {
          const outcome = await runCase(one.case, version === 'v0' ? 0 : 1);
          outcomes.push({ note: one.case.note, outcome });
        }
        const count = (kind: CaseOutcome['kind']) =>
          outcomes.filter(({ outcome }) => outcome.kind === kind).length;
        console.log(
          `${version}: ${cases.length} cases, ${count('pass')} pass, ${count('fail')} fail, ${count('unsupported')} unsupported`,
        );
        const failed = outcomes.filter(({ outcome }) => outcome.kind === 'fail');
        const unknown = failed.filter(({ note }) => KNOWN_EVALUATION_FAILURES[note] === undefined);
        expect(unknown).toEqual([]);
        const failedNotes = new Set(failed.map(({ note }) => note));
        const present = Object.keys(KNOWN_EVALUATION_FAILURES).filter((note) =>
          outcomes.some((one) => one.note === note),
        );
        expect(present.filter((note) => !failedNotes.has(note))).toEqual([]);
        expect(count('pass')).toBeGreaterThanOrEqual(PASS_MIN[version]);
      },
    );
  },
);
