import type { Boxed } from './boxed.ts';

/**
 * A Rego value, laid out so that parsed JSON is used in place, without conversion.
 *
 * - `null`, booleans, strings: themselves.
 * - Numbers: a JavaScript `number` when it holds the value exactly as its shortest decimal (0.1, 42), else a
 *   `RegoNumber` (9007199254740993, 1e400). One value has one form.
 * - Arrays: JavaScript arrays, never mutated.
 * - Objects with string keys only: plain JavaScript objects, read with `Object.hasOwn` (never through the
 *   prototype); built ones have a null prototype. Objects with any other key: `RegoObject`. One value has one form.
 * - Sets: `RegoSet`.
 *
 * The three classes share the base `Boxed`; nothing else extends it.
 *
 * Rego's undefined is JavaScript's `undefined`, which is not a value.
 */
export type Value = null | boolean | number | string | readonly Value[] | JsonObject | Boxed;

/** An object all of whose keys are strings. */
export interface JsonObject {
  readonly [key: string]: Value;
}
