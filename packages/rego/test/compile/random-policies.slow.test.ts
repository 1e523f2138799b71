import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { STAGES } from '../../src/analysis/stages.ts';
import type { JsonObject } from '../../src/index.ts';
import { compileOnAll } from '../support/back-ends.ts';
import { randomPolicies } from '../support/random-policy.ts';

const RUNS = 150;

const INPUTS: readonly JsonObject[] = [
  {},
  { a: 1, b: 'a' },
  { a: [1, 2, 3], b: { a: 1, b: [1] } },
  { a: { a: { a: 1 }, b: 2 }, b: [[1, 2], ['a', 'b'], { a: 3 }] },
];
const DATA: JsonObject = { base: { a: [0, 1], b: { a: 'a' } } };

// Nearly every random policy has expressions whose types cannot fit. Back ends must agree on these too: types that are
// not known before come as data. So the stage that refuses them rests here.
beforeAll(() => {
  const types = STAGES.find(({ name }) => name === 'types')!;
  vi.spyOn(types, 'run').mockImplementation(() => undefined);
});
afterAll(() => {
  vi.restoreAllMocks();
});

test('[P-REGO-BACKENDS-AGREE] random policies give the same on every back end', () => {
  let compiled = 0;
  const kinds = new Map<string, number>();
  const check = (text: string): void => {
    // Rules that mean nothing hardly ever have types that fit; what they do all the same is asked here.
    const { policy } = compileOnAll([{ file: 'a.rego', text }], { data: DATA, skip: ['types'] });
    if (policy === undefined) return;
    compiled += 1;
    for (const path of ['t', ...policy.rulePaths]) {
      const query = policy.prepare(path);
      for (const input of INPUTS) {
        const { kind } = query.evaluate(input, { operationsMax: 5000 });
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      }
    }
  };
  fc.assert(fc.property(randomPolicies(), check), { numRuns: RUNS });
  // Comparisons of nothing prove nothing.
  expect(compiled).toBeGreaterThan(50);
  expect([...kinds.keys()].sort()).toEqual(['error', 'undefined', 'value']);
});
