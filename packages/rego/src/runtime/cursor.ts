import { Boxed, objectKeys, RegoObject, RegoSet } from '../value/index.ts';
import type { JsonObject, Value } from '../value/value.ts';

const NONE: readonly never[] = Object.freeze([]);

/**
 * Goes through the members of a collection; what has none is empty. Objects and sets go in Rego's order where
 * `ordered` asks for it; elsewhere the order cannot be seen.
 */
export class Cursor {
  /** The present member's key; for sets the member itself. */
  key: Value = null;
  value: Value = null;
  #index = 0;
  readonly #members: readonly Value[];
  readonly #pairs: readonly (readonly [Value, Value])[] | undefined;
  readonly #object: JsonObject | undefined;
  readonly #byIndex: boolean;

  constructor(collection: Value | undefined, ordered: boolean) {
    this.#members = NONE;
    this.#pairs = undefined;
    this.#object = undefined;
    this.#byIndex = false;
    if (collection === null || typeof collection !== 'object') return;
    if (Array.isArray(collection)) {
      this.#members = collection;
      this.#byIndex = true;
    } else if (!(collection instanceof Boxed)) {
      const plain = collection as JsonObject;
      this.#object = plain;
      this.#members = ordered ? objectKeys(plain) : Object.keys(plain);
    } else if (collection instanceof RegoSet) {
      this.#members = ordered ? collection.sorted() : [...collection.values()];
    } else if (collection instanceof RegoObject) {
      this.#pairs = ordered ? collection.sorted() : [...collection.entries()];
    }
  }

  /** Goes to the next member; false after the last one. */
  next(): boolean {
    const index = this.#index;
    if (this.#pairs !== undefined) return this.#nextPair(this.#pairs, index);
    if (index >= this.#members.length) return false;
    this.#index = index + 1;
    const member = this.#members[index]!;
    this.key = this.#byIndex ? index : member;
    this.value = this.#object === undefined ? member : this.#object[member as string]!;
    return true;
  }

  #nextPair(pairs: readonly (readonly [Value, Value])[], index: number): boolean {
    const pair = pairs[index];
    if (pair === undefined) return false;
    this.#index = index + 1;
    [this.key, this.value] = pair;
    return true;
  }
}
