import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pollDelayMs } from '../src/remote/poll-delay.ts';

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

it('comes back ever later after failures, up to a limit, and never at the same moment as all others', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), chance, chance, (failures, one, other) => {
      const at = (count: number, random: number) =>
        pollDelayMs({ failures: count, waits: true, random: () => random });
      expect(at(failures, one)).toBeGreaterThanOrEqual(500);
      expect(at(failures, one)).toBeLessThanOrEqual(30_000);
      expect(at(failures + 1, one)).toBeGreaterThanOrEqual(at(failures, one));
      if (one !== other && Math.abs(one - other) > 1e-6)
        expect(at(failures, one)).not.toBe(at(failures, other));
    }),
  );
  const bounded = (failures: number) =>
    pollDelayMs({ failures, waits: false, pollMs: 1e9, backOffMaxMs: 8_000, random: () => 1 });
  expect([1, 2, 3, 4, 5].map(bounded)).toEqual([1_000, 2_000, 4_000, 8_000, 8_000]);
});

it('asks in time with a spread of a tenth, and at once where the server waits', () => {
  fc.assert(
    fc.property(chance, (random) => {
      const ms = pollDelayMs({ failures: 0, waits: false, pollMs: 1_000, random: () => random });
      expect(ms).toBeGreaterThanOrEqual(900);
      expect(ms).toBeLessThanOrEqual(1_100);
    }),
  );
  expect(pollDelayMs({ failures: 0, waits: true })).toBe(0);
});
