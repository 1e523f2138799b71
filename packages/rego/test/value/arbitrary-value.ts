import fc from 'fast-check';
import type { Value } from '../../src/value/index.ts';
import { makeObject, numberFromText, RegoSet } from '../../src/value/index.ts';

/** Numbers as text: small, large, with fractions and exponents. */
export const numberText: fc.Arbitrary<string> = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }).map(String),
  fc
    .tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.nat(12))
    .map(([digits, places]) => `${digits}e-${places}`),
  fc
    .tuple(fc.bigInt({ min: 1n, max: 10n ** 25n }), fc.integer({ min: -40, max: 400 }))
    .map(([digits, exponent]) => `${digits}e${exponent}`),
);

/** Any number in its one form. */
export const number: fc.Arbitrary<Value> = numberText.map((text) => numberFromText(text)!);

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom('a', '__proto__', '\u0000"a', '10', '9'),
);

/** Any value, sets and objects with keys of any kind included. */
export const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Value>(null, true, false, 0, 1, ''),
    number,
    text,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(tie('value'), { maxLength: 3 }).map((members) => RegoSet.from(members)),
    fc
      .array(fc.tuple(fc.oneof(text, tie('value')), tie('value')), { maxLength: 3 })
      .map((pairs) => makeObject(pairs)),
  ),
})).value;
