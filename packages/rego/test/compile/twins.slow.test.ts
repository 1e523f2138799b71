import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareAnswers, comparePlans } from '../support/compare-twins.ts';
import { twinPolicies } from '../support/twin-policies.ts';

test('rules that are like others come to the same plan and the same answers, in hundreds of policies', () => {
  let twins = 0;
  fc.assert(
    fc.property(twinPolicies, (text) => {
      twins += comparePlans(text);
      compareAnswers(text);
    }),
    { numRuns: 400 },
  );
  expect(twins).toBeGreaterThan(100);
});
