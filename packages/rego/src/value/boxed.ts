/**
 * What stands for a Rego value that has no JavaScript value of its own. One class above the three kinds makes
 * "is this a plain object?" a single test on the hot path, and lets order and keys be computed without a cycle of
 * imports.
 */
export abstract class Boxed {
  abstract readonly kind: 'number' | 'object' | 'set';

  /** Text that differs for any two different values. */
  abstract canonicalText(): string;

  /** Whether the other is the same value. */
  abstract equals(other: Boxed): boolean;

  /** Members of a set, or pairs of an object, in Rego's order; a number has none. */
  abstract sorted(): readonly unknown[];
}
