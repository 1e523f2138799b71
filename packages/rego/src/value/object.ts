import { Boxed } from './boxed.ts';
import { compare, equal } from './compare.ts';
import type { MemberKey } from './key.ts';
import { canonicalPair, memberKey } from './key.ts';
import { sortedNames } from './string-order.ts';
import type { JsonObject, Value } from './value.ts';

/** An object of either form. */
export type ObjectValue = JsonObject | RegoObject;

/** An object at least one of whose keys is no string. Made only by {@link makeObject}. */
export class RegoObject extends Boxed {
  override readonly kind = 'object';
  readonly #entries: ReadonlyMap<MemberKey, readonly [Value, Value]>;
  #sorted: readonly (readonly [Value, Value])[] | undefined;

  /** Takes over the map, whose keys must be the keys' member keys. */
  constructor(entries: ReadonlyMap<MemberKey, readonly [Value, Value]>) {
    super();
    this.#entries = entries;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Value): Value | undefined {
    return this.#entries.get(memberKey(key))?.[1];
  }

  has(key: Value): boolean {
    return this.#entries.has(memberKey(key));
  }

  /** Pairs in the order in which they were added; use it where order cannot be seen. */
  entries(): MapIterator<readonly [Value, Value]> {
    return this.#entries.values();
  }

  /** Pairs in the order of their keys. */
  override sorted(): readonly (readonly [Value, Value])[] {
    this.#sorted ??= [...this.#entries.values()].sort((a, b) => compare(a[0], b[0]));
    return this.#sorted;
  }

  override equals(other: Boxed): boolean {
    if (this === other) return true;
    if (!(other instanceof RegoObject) || this.size !== other.size) return false;
    for (const [key, value] of this.#entries.values()) {
      const member = other.get(key);
      if (member === undefined || !equal(value, member)) return false;
    }
    return true;
  }

  override canonicalText(): string {
    return `{${Array.from(this.#entries.values(), canonicalPair).sort().join()}}`;
  }
}

/** Whether a value is an object of either form. */
export function isObject(value: unknown): value is ObjectValue {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
  return value instanceof Boxed ? value.kind === 'object' : true;
}

/** Whether a value is an object with string keys only. */
export function isPlainObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Boxed);
}

/** Builds an object from pairs; a later pair replaces an earlier one of the same key. */
export function makeObject(entries: Iterable<readonly [Value, Value]>): ObjectValue {
  const plain: Record<string, Value> = Object.create(null);
  let mixed: Map<MemberKey, readonly [Value, Value]> | undefined;
  for (const [key, value] of entries) {
    if (mixed === undefined) {
      if (typeof key === 'string') {
        plain[key] = value;
        continue;
      }
      mixed = new Map(Object.keys(plain).map((name) => [memberKey(name), [name, plain[name]!]]));
    }
    mixed.set(memberKey(key), [key, value]);
  }
  return mixed === undefined ? plain : new RegoObject(mixed);
}

/** The value under a key; undefined where there is none. */
export function objectGet(object: ObjectValue, key: Value): Value | undefined {
  if (object instanceof RegoObject) return object.get(key);
  return typeof key === 'string' && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Number of pairs. */
export function objectSize(object: ObjectValue): number {
  return object instanceof RegoObject ? object.size : Object.keys(object).length;
}

/** Keys in Rego's order. */
export function objectKeys(object: ObjectValue): Value[] {
  return object instanceof RegoObject ? object.sorted().map((pair) => pair[0]) : sortedNames(object);
}

/** Pairs in the order of their keys. */
export function objectEntries(object: ObjectValue): readonly (readonly [Value, Value])[] {
  if (object instanceof RegoObject) return object.sorted();
  return sortedNames(object).map((name) => [name, object[name]!] as const);
}

/** Values in the order of their keys. */
export function objectValues(object: ObjectValue): Value[] {
  return objectEntries(object).map((pair) => pair[1]);
}
