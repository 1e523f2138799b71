import type { MemberKey } from '../value/index.ts';
import {
  Boxed,
  equal,
  isObject,
  isPlainObject,
  lookup,
  makeObject,
  memberKey,
  objectEntries,
  objectKeys,
  RegoObject,
  RegoSet,
  SetBuilder,
} from '../value/index.ts';
import type { JsonObject, Value } from '../value/value.ts';

/** The member under a name; the step that nearly every reference is made of. */
export function member(value: Value | undefined, name: string): Value | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  if (value instanceof Boxed) return lookup(value, name);
  return Object.hasOwn(value, name) ? (value as JsonObject)[name] : undefined;
}

/**
 * A step into base data, where a number also finds the name that is written like it, and a name that is a number finds
 * a place in an array, as in OPA's store.
 */
export function storedMember(value: Value | undefined, key: Value): Value | undefined {
  if (typeof key === 'string' && Array.isArray(value)) {
    return isPosition(key) ? (value as readonly Value[])[Number.parseInt(key, 10) || 0] : undefined;
  }
  const found = lookup(value, key);
  return found === undefined && typeof key === 'number' ? member(value, String(key)) : found;
}

/** Whether a name is read as a whole number (OPA's `util.Atoi`, which lets zeros follow a point). */
export function isPosition(name: string): boolean {
  return name.length > 0 && name.length <= 20 && /^[+-]?(?!$)\d*\.?0*$/.test(name);
}

/** Follows names from a value. */
export function memberAt(value: Value | undefined, path: readonly string[]): Value | undefined {
  let found = value;
  for (const name of path) found = member(found, name);
  return found;
}

/**
 * Calls back for each member of a collection with its key (for sets the member itself) until the callback says
 * stop. Objects and sets go in Rego's order where `ordered` asks for it; elsewhere the order cannot be seen.
 *
 * @returns whether the callback stopped it
 */
export function forEachMember(
  collection: Value | undefined,
  ordered: boolean,
  visit: (key: Value, value: Value) => boolean,
): boolean {
  if (collection === null || typeof collection !== 'object') return false;
  if (Array.isArray(collection)) {
    for (let index = 0; index < collection.length; index++) if (visit(index, collection[index]!)) return true;
    return false;
  }
  if (collection instanceof RegoSet) {
    for (const item of ordered ? collection.sorted() : collection.values())
      if (visit(item, item)) return true;
    return false;
  }
  if (collection instanceof RegoObject) {
    for (const [key, value] of ordered ? collection.sorted() : collection.entries()) {
      if (visit(key, value)) return true;
    }
    return false;
  }
  if (collection instanceof Boxed) return false;
  const plain = collection as JsonObject;
  for (const name of ordered ? (objectKeys(plain) as string[]) : Object.keys(plain)) {
    if (visit(name, plain[name]!)) return true;
  }
  return false;
}

/** Whether a value has members to go through. */
export function isCollection(value: Value | undefined): boolean {
  return Array.isArray(value) || value instanceof RegoSet || isObject(value);
}

/** A copy of `value` in which `path` leads to `leaf`; what is no object on the way is replaced by one. */
export function replaceAt(value: Value | undefined, path: readonly string[], leaf: Value): Value {
  const [name, ...rest] = path;
  if (name === undefined) return leaf;
  const inner = replaceAt(member(value, name), rest, leaf);
  if (isPlainObject(value)) {
    const copy: Record<string, Value> = Object.assign(Object.create(null), value);
    copy[name] = inner;
    return copy;
  }
  if (value instanceof RegoObject) return makeObject([...value.entries(), [name, inner]]);
  return makeObject([[name, inner]]);
}

/** Two documents as one; where both have something that is no object, the first one stands. */
export function mergeDocuments(first: Value | undefined, second: Value | undefined): Value | undefined {
  if (first === undefined) return second;
  if (second === undefined || !isObject(first) || !isObject(second)) return first;
  const merged = new Map<MemberKey, [Value, Value]>();
  for (const [key, value] of objectEntries(second)) merged.set(memberKey(key), [key, value]);
  for (const [key, value] of objectEntries(first)) {
    const other = merged.get(memberKey(key));
    merged.set(memberKey(key), [key, mergeDocuments(value, other?.[1])!]);
  }
  return makeObject(merged.values());
}

interface Entry {
  readonly key: Value;
  value: Value | undefined;
  inner: ObjectCollector | undefined;
  members: SetBuilder | undefined;
}

/** Collects what partial rules define: values and sets under keys, at any depth. */
export class ObjectCollector {
  readonly #entries = new Map<MemberKey, Entry>();

  /** Puts a value under the keys; false where something else is there already. */
  put(keys: readonly Value[], value: Value): boolean {
    const entry = this.#entry(keys[0]!);
    if (keys.length > 1) {
      if (entry.value !== undefined || entry.members !== undefined) return false;
      entry.inner ??= new ObjectCollector();
      return entry.inner.put(keys.slice(1), value);
    }
    if (entry.inner !== undefined || entry.members !== undefined) return false;
    if (entry.value !== undefined) return equal(entry.value, value);
    entry.value = value;
    return true;
  }

  /** Adds a member to the set under the keys; false where something else is there already. */
  addMember(keys: readonly Value[], item: Value): boolean {
    const entry = this.#entry(keys[0]!);
    if (entry.value !== undefined) return false;
    if (keys.length > 1) {
      if (entry.members !== undefined) return false;
      entry.inner ??= new ObjectCollector();
      return entry.inner.addMember(keys.slice(1), item);
    }
    if (entry.inner !== undefined) return false;
    entry.members ??= new SetBuilder();
    entry.members.add(item);
    return true;
  }

  /** Puts an empty object or set under the keys, where there is nothing yet. */
  prepare(keys: readonly Value[], kind: 'object' | 'set'): void {
    const entry = this.#entry(keys[0]!);
    if (entry.value !== undefined || entry.members !== undefined) return;
    if (keys.length === 1 && kind === 'set') entry.members = new SetBuilder();
    else entry.inner ??= new ObjectCollector();
    if (keys.length > 1) entry.inner?.prepare(keys.slice(1), kind);
  }

  get(key: Value): Value | undefined {
    const entry = this.#entries.get(memberKey(key));
    return entry === undefined ? undefined : entryValue(entry);
  }

  build(): Value {
    const pairs: [Value, Value][] = [];
    for (const entry of this.#entries.values()) pairs.push([entry.key, entryValue(entry)]);
    return makeObject(pairs);
  }

  #entry(key: Value): Entry {
    const name = memberKey(key);
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      entry = { key, value: undefined, inner: undefined, members: undefined };
      this.#entries.set(name, entry);
    }
    return entry;
  }
}

function entryValue(entry: Entry): Value {
  if (entry.members !== undefined) {
    const set = entry.members.build();
    for (const item of set.values()) entry.members.add(item);
    return set;
  }
  return entry.inner?.build() ?? entry.value!;
}
