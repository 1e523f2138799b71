import { Boxed } from './boxed.ts';
import { compare } from './compare.ts';
import type { MemberKey } from './key.ts';
import { canonicalText, memberKey } from './key.ts';
import type { Value } from './value.ts';

/** Of numbers that are written in several ways, the first one stays. */
function addMember(members: Map<MemberKey, Value>, value: Value): void {
  const key = memberKey(value);
  if (typeof key !== 'number' || !members.has(key)) members.set(key, value);
}

/** A set of values, immutable once built. Build it with {@link RegoSet.from} or a {@link SetBuilder}. */
export class RegoSet extends Boxed {
  override readonly kind = 'set';
  static readonly EMPTY = new RegoSet(new Map());

  readonly #members: ReadonlyMap<MemberKey, Value>;
  #sorted: readonly Value[] | undefined;
  #text: string | undefined;

  /** Takes over the map, whose keys must be the members' keys. */
  constructor(members: ReadonlyMap<MemberKey, Value>) {
    super();
    this.#members = members;
  }

  static from(values: Iterable<Value>): RegoSet {
    const members = new Map<MemberKey, Value>();
    for (const value of values) addMember(members, value);
    return members.size === 0 ? RegoSet.EMPTY : new RegoSet(members);
  }

  get size(): number {
    return this.#members.size;
  }

  has(value: Value): boolean {
    return this.#members.has(memberKey(value));
  }

  /** Members in the order in which they were added; use it where order cannot be seen. */
  values(): MapIterator<Value> {
    return this.#members.values();
  }

  /** Members in Rego's order. */
  override sorted(): readonly Value[] {
    this.#sorted ??= [...this.#members.values()].sort(compare);
    return this.#sorted;
  }

  [Symbol.iterator](): IterableIterator<Value> {
    return this.sorted()[Symbol.iterator]();
  }

  union(other: RegoSet): RegoSet {
    if (other.size === 0) return this;
    if (this.size === 0) return other;
    const members = new Map(this.#members);
    for (const [key, value] of other.#members) if (!members.has(key)) members.set(key, value);
    return new RegoSet(members);
  }

  intersection(other: RegoSet): RegoSet {
    return this.#filter((key) => other.#members.has(key));
  }

  difference(other: RegoSet): RegoSet {
    return this.#filter((key) => !other.#members.has(key));
  }

  isSubsetOf(other: RegoSet): boolean {
    if (this.size > other.size) return false;
    for (const key of this.#members.keys()) if (!other.#members.has(key)) return false;
    return true;
  }

  override equals(other: Boxed): boolean {
    if (this === other) return true;
    return other instanceof RegoSet && this.size === other.size && this.isSubsetOf(other);
  }

  override canonicalText(): string {
    this.#text ??= `<${Array.from(this.#members.values(), canonicalText).sort().join()}>`;
    return this.#text;
  }

  #filter(keep: (key: MemberKey) => boolean): RegoSet {
    const members = new Map<MemberKey, Value>();
    for (const [key, value] of this.#members) if (keep(key)) members.set(key, value);
    return members.size === 0 ? RegoSet.EMPTY : new RegoSet(members);
  }
}

/** Collects the members of one set. */
export class SetBuilder {
  #members = new Map<MemberKey, Value>();

  add(value: Value): this {
    addMember(this.#members, value);
    return this;
  }

  has(value: Value): boolean {
    return this.#members.has(memberKey(value));
  }

  /** The set; the builder is empty afterwards. */
  build(): RegoSet {
    const members = this.#members;
    this.#members = new Map();
    return members.size === 0 ? RegoSet.EMPTY : new RegoSet(members);
  }
}
