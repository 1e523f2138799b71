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
  /** Members of an array, names of an object's. */
  readonly #members: readonly Value[];
  readonly #object: JsonObject | undefined;
  /** Goes through the others without a copy: most searches end early. */
  readonly #items: Iterator<Value> | undefined;
  readonly #pairs: Iterator<readonly [Value, Value]> | undefined;

  constructor(collection: Value | undefined, ordered: boolean) {
    this.#members = NONE;
    this.#object = undefined;
    this.#items = undefined;
    this.#pairs = undefined;
    if (collection === null || typeof collection !== 'object') return;
    if (Array.isArray(collection)) {
      this.#members = collection;
    } else if (!(collection instanceof Boxed)) {
      const plain = collection as JsonObject;
      this.#object = plain;
      this.#members = ordered ? objectKeys(plain) : Object.keys(plain);
    } else if (collection instanceof RegoSet) {
      this.#items = ordered ? collection.sorted().values() : collection.values();
    } else if (collection instanceof RegoObject) {
      this.#pairs = ordered ? collection.sorted().values() : collection.entries();
    }
  }

  /** Goes to the next member; false after the last one. */
  next(): boolean {
    const index = this.#index;
    if (index >= this.#members.length) return this.#nextItem() || this.#nextPair();
    this.#index = index + 1;
    const member = this.#members[index]!;
    if (this.#object === undefined) {
      this.key = index;
      this.value = member;
    } else {
      this.key = member;
      this.value = this.#object[member as string]!;
    }
    return true;
  }

  #nextItem(): boolean {
    const item = this.#items?.next();
    if (item === undefined || item.done === true) return false;
    this.key = item.value;
    this.value = item.value;
    return true;
  }

  #nextPair(): boolean {
    const pair = this.#pairs?.next();
    if (pair === undefined || pair.done === true) return false;
    [this.key, this.value] = pair.value;
    return true;
  }
}
