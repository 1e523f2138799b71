import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CALLS_HALVE_MS, DENIALS_HALVE_MS, RISK_PARTS, riskAfter, riskScore } from '../src/risk.ts';

const none = { denials: 0, new_tools: 0, calls: 0, labels: 0 };
const quiet = { denied: false, newTool: false, labels: 0 };

describe('the risk of a session', () => {
  it('is the weighted sum of its parts, none of which weighs more than all of its weight', () => {
    expect(riskScore(none)).toBe(0);
    expect(riskScore({ ...none, denials: 5 })).toBe(0.4);
    expect(riskScore({ ...none, denials: 500 })).toBe(0.4);
    expect(riskScore({ ...none, new_tools: 5, labels: 3 })).toBe(0.3);
    expect(riskScore({ denials: 5, new_tools: 10, calls: 60, labels: 3 })).toBe(1);
    const weights = Object.values(RISK_PARTS).map(({ weight }) => weight);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1);
  });

  it('stays between 0 and 1, and never falls with more of anything', () => {
    const count = fc.nat(200);
    const counts = fc.record({ denials: count, new_tools: count, calls: count, labels: count });
    fc.assert(
      fc.property(counts, fc.constantFrom('denials', 'new_tools', 'calls', 'labels'), (given, part) => {
        const score = riskScore(given);
        expect(score >= 0 && score <= 1).toBe(true);
        expect(riskScore({ ...given, [part]: given[part] + 1 })).toBeGreaterThanOrEqual(score);
      }),
    );
  });

  it('counts denials, new tools and calls, and halves what is old', () => {
    const denied = { denied: true, newTool: true, labels: 1 };
    const first = riskAfter(undefined, denied, 0);
    expect(first).toMatchObject({ denials: 1, new_tools: 1, calls: 1 });
    expect(riskAfter(first, quiet, DENIALS_HALVE_MS)).toMatchObject({ denials: 0.5, new_tools: 0.5 });
    expect(riskAfter(first, quiet, CALLS_HALVE_MS).calls).toBe(1.5);
    // A clock that steps back makes nothing grow.
    expect(riskAfter(first, quiet, -1_000_000)).toMatchObject({ denials: 1, calls: 2 });
  });

  it('rises with a burst of denied calls, and is low again after a quiet hour', () => {
    let state = riskAfter(undefined, quiet, 0);
    for (let call = 0; call < 20; call++)
      state = riskAfter(state, { denied: true, newTool: false, labels: 0 }, 1_000);
    expect(state.score).toBeGreaterThanOrEqual(0.45);
    expect(riskAfter(state, quiet, 60 * 60_000).score).toBeLessThanOrEqual(0.05);
  });
});
