import type { Json } from '@writ/decision';
import { ARRAY_MEMBER, type JsonIndex, KIND_ARRAY, LEAF_BYTES, NODE, OBJECT_MEMBER } from './json-index.ts';
import { hashKey } from './key-hash.ts';

/** What stands behind a value that is read where it is asked for. */
export interface LazyJson {
  readonly index: JsonIndex;
  /** Position of its node. */
  readonly node: number;
}

/** Values that are kept after they were parsed, beside those of containers that were gone through as a whole. */
const KEPT_LEAVES = 4_096;

/**
 * The document of a large JSON text as a value whose members are parsed when they are asked for. It looks as
 * `JSON.parse` would have made it, and cannot be changed. What was gone through as a whole stays parsed.
 */
export function lazyJson(index: JsonIndex): Json {
  return lazyAt(index)(index.root);
}

/** Gives the values of a text by their nodes; they share what is kept. */
export function lazyAt(index: JsonIndex): (node: number) => Json {
  const store = new Store(index);
  return (node) => store.container(node) as unknown as Json;
}

const lazies = new WeakMap<object, LazyJson>();

/** What stands behind a value, where it is one of {@link lazyJson}. */
export function lazyOf(value: unknown): LazyJson | undefined {
  return typeof value === 'object' && value !== null ? lazies.get(value) : undefined;
}

/** The JSON text of a value of {@link lazyJson}. */
export function lazyText({ index, node }: LazyJson): Uint8Array {
  return index.text.subarray(index.nodes[node + NODE.start], index.nodes[node + NODE.end]);
}

class Store {
  readonly nodes: Uint32Array;
  readonly view: Buffer;
  readonly #index: JsonIndex;
  readonly #containers = new Map<number, object>();
  /** Two generations: what was not asked for while one filled up is let go. */
  #young = new Map<number, Json>();
  #old = new Map<number, Json>();

  constructor(index: JsonIndex) {
    const { text, nodes } = index;
    this.#index = index;
    this.nodes = nodes;
    this.view = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  }

  /** The value whose place stands at a word of the nodes. */
  value(word: number): Json {
    const [start, end] = [this.nodes[word]!, this.nodes[word + 1]!];
    return end === 0 ? (this.container(start) as unknown as Json) : this.#leaf(start, end);
  }

  container(node: number): object {
    const known = this.#containers.get(node);
    if (known !== undefined) return known;
    const isArray = this.nodes[node + NODE.kind] === KIND_ARRAY;
    const made = isArray
      ? new Proxy(new Array(this.nodes[node + NODE.count]!), new ArrayMembers(this, node))
      : new Proxy({}, new ObjectMembers(this, node));
    this.#containers.set(node, made);
    lazies.set(made, { index: this.#index, node });
    return made;
  }

  keyAt(start: number, end: number): string {
    const inside = this.view.toString('utf8', start, end);
    return inside.includes('\\') ? (JSON.parse(`"${inside}"`) as string) : inside;
  }

  #leaf(start: number, end: number): Json {
    const known = this.#young.get(start) ?? this.#old.get(start);
    if (known !== undefined) return known;
    const value = JSON.parse(this.view.toString('utf8', start, end)) as Json;
    if (end - start > LEAF_BYTES || value === null) return value;
    if (this.#young.size >= KEPT_LEAVES) [this.#old, this.#young] = [this.#young, new Map()];
    this.#young.set(start, value);
    return value;
  }
}

/** What a proxy says of a member: there, and its value by asking for it. */
const PRESENT: PropertyDescriptor = Object.freeze({
  get: () => undefined,
  enumerable: true,
  configurable: true,
});

const isRefused = (): boolean => false;

/** Members of one container; once its keys were listed, what is parsed stays. */
abstract class Members implements ProxyHandler<object> {
  readonly store: Store;
  readonly node: number;
  readonly count: number;
  protected kept: (Json | undefined)[] | undefined;

  constructor(store: Store, node: number) {
    this.store = store;
    this.node = node;
    this.count = store.nodes[node + NODE.count]!;
  }

  /** Index of the member with that name; −1 where there is none. */
  protected abstract find(name: string): number;
  /** The word where the value's place stands. */
  protected abstract wordOf(member: number): number;

  get(target: object, name: string | symbol): unknown {
    const member = typeof name === 'string' ? this.find(name) : -1;
    return member < 0 ? Reflect.get(target, name) : this.valueAt(member);
  }

  has(target: object, name: string | symbol): boolean {
    return (typeof name === 'string' && this.find(name) >= 0) || Reflect.has(target, name);
  }

  getOwnPropertyDescriptor(target: object, name: string | symbol): PropertyDescriptor | undefined {
    return typeof name === 'string' && this.find(name) >= 0
      ? PRESENT
      : Reflect.getOwnPropertyDescriptor(target, name);
  }

  protected valueAt(member: number): Json {
    if (this.kept === undefined) return this.store.value(this.wordOf(member));
    this.kept[member] ??= this.store.value(this.wordOf(member));
    return this.kept[member];
  }

  readonly set = isRefused;
  readonly defineProperty = isRefused;
  readonly deleteProperty = isRefused;
  readonly setPrototypeOf = isRefused;
  readonly preventExtensions = isRefused;
}

class ObjectMembers extends Members {
  readonly #members: number;
  readonly #table: number;
  readonly #mask: number;
  #names: string[] | undefined;
  /** A member is nearly always asked for right after it was asked whether it is there. */
  #lastName = '';
  #lastFound = -2;

  constructor(store: Store, node: number) {
    super(store, node);
    this.#members = node + NODE.members;
    this.#table = this.#members + this.count * OBJECT_MEMBER.words;
    this.#mask = store.nodes[node + NODE.mask]!;
  }

  ownKeys(): string[] {
    this.kept ??= new Array<Json | undefined>(this.count);
    this.#names ??= Array.from({ length: this.count }, (_, member) => this.#nameAt(member));
    return this.#names;
  }

  protected override find(name: string): number {
    if (this.#lastFound !== -2 && name === this.#lastName) return this.#lastFound;
    let found = -1;
    const { nodes } = this.store;
    for (let slot = hashKey(name) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const member = nodes[this.#table + slot]!;
      if (member === 0) break;
      if (this.#nameAt(member - 1) === name) {
        found = member - 1;
        break;
      }
    }
    this.#lastName = name;
    this.#lastFound = found;
    return found;
  }

  protected override wordOf(member: number): number {
    return this.#members + member * OBJECT_MEMBER.words + OBJECT_MEMBER.start;
  }

  #nameAt(member: number): string {
    const word = this.#members + member * OBJECT_MEMBER.words;
    const { nodes } = this.store;
    return this.store.keyAt(nodes[word + OBJECT_MEMBER.keyStart]!, nodes[word + OBJECT_MEMBER.keyEnd]!);
  }
}

class ArrayMembers extends Members {
  ownKeys(): string[] {
    this.kept ??= new Array<Json | undefined>(this.count);
    return [...Array.from({ length: this.count }, (_, member) => String(member)), 'length'];
  }

  protected override find(name: string): number {
    const index = Number(name);
    return Number.isInteger(index) && index >= 0 && index < this.count && String(index) === name ? index : -1;
  }

  protected override wordOf(member: number): number {
    return this.node + NODE.members + member * ARRAY_MEMBER.words + ARRAY_MEMBER.start;
  }
}
