import fc from 'fast-check';
import { expect, it } from 'vitest';
import { knownSubject, type StateSubject } from '../src/index.ts';

const part = fc.oneof(fc.constantFrom('', 'a', 'aa', 'undefined', '1,1', 'a,a'), fc.string({ maxLength: 3 }));
const subject = fc.record(
  { principal: part, actor: part, tenant: part, session_id: part, actor_class: part, tool: part },
  { requiredKeys: ['principal', 'actor'] },
) as fc.Arbitrary<StateSubject>;

it('[P-TENANT-APART] takes no subject for another one, and equal ones for one', () => {
  fc.assert(
    fc.property(subject, (given) => {
      expect(knownSubject(given)).toEqual(given);
      expect(knownSubject({ ...given })).toBe(knownSubject(given));
    }),
    { numRuns: 2_000 },
  );
});

it('does not remember names without bound', () => {
  const long = { principal: 'x'.repeat(2_000), actor: 'a' };
  expect(knownSubject(long)).toBe(long);
  expect(knownSubject({ ...long })).not.toBe(long);
});
