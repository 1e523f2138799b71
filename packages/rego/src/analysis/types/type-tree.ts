import type { Value } from '../../value/index.ts';
import { memberKey, typeName } from '../../value/index.ts';
import { joinTypes, mergeTypes } from './join-types.ts';
import { typeOfValue } from './select-types.ts';
import type { MaybeType, ObjectType, Property, Type } from './type.ts';
import { ANY, objectType, STRING, unwrap } from './type.ts';

type Key = ReturnType<typeof memberKey>;

const EXTENT_KEYS: ReadonlySet<string> = new Set(['boolean', 'number', 'string']);

/** A step that is known only when a rule is evaluated, as a key of the tree: nothing is found by it. */
export const UNKNOWN_STEP = '\u0000unknown step';

/** Types of documents by their path (OPA's `typeTreeNode`). The root's children are `input` and `data`. */
export class TypeNode {
  readonly key: Value;
  /** Set where a rule or schema ends; deeper rules may still stand below. */
  type: MaybeType;
  #children: Map<Key, TypeNode> | undefined;
  #extent: MaybeType;

  constructor(key: Value = null) {
    this.key = key;
  }

  child(key: Value): TypeNode | undefined {
    return this.#children?.get(memberKey(key));
  }

  children(): Iterable<TypeNode> {
    return this.#children?.values() ?? [];
  }

  get hasChildren(): boolean {
    return this.#children !== undefined && this.#children.size > 0;
  }

  /** Sets the type at a path. */
  put(path: readonly Value[], type: MaybeType): void {
    let node: TypeNode = this;
    for (const step of path) node = node.#below(step);
    node.#extent = undefined;
    node.type = type;
  }

  /**
   * Adds what a rule gives at a path: joined with what other rules give there, and into the objects that rules with
   * shorter paths give.
   */
  insert(path: readonly Value[], type: Type): void {
    let node: TypeNode = this;
    for (const [index, step] of path.entries()) {
      const known = node.child(step);
      if (known?.type !== undefined && index + 1 < path.length) {
        const object = unwrap(known.type);
        if (object?.kind === 'object') known.type = insertInto(object, path.slice(index + 1), type);
      }
      node = node.#below(step);
    }
    node.#extent = undefined;
    node.type = mergeTypes(node.type, type);
    const own = unwrap(node.type);
    if (unwrap(type)?.kind !== 'object' || !node.hasChildren || own?.kind !== 'object') return;
    let grown: ObjectType = own;
    for (const [below, leaf] of node.#leaves([])) grown = insertInto(grown, below, leaf);
    node.type = grown;
  }

  /** The type of the whole document here: a rule's, or an object of all that stands below. */
  extent(): Type {
    if (this.type !== undefined) return this.type;
    if (this.#extent !== undefined) return this.#extent;
    const properties: Property[] = [];
    for (const child of this.children()) {
      const { key } = child;
      if (key === UNKNOWN_STEP || !EXTENT_KEYS.has(typeName(key))) continue;
      properties.push({ key, value: child.extent() });
    }
    // Base documents may stand beside the rules.
    this.#extent = objectType(properties, { key: STRING, value: ANY });
    return this.#extent;
  }

  #below(step: Value): TypeNode {
    this.#extent = undefined;
    const key = memberKey(step);
    this.#children ??= new Map();
    let child = this.#children.get(key);
    if (child === undefined) {
      child = new TypeNode(step);
      this.#children.set(key, child);
    }
    return child;
  }

  *#leaves(path: readonly Value[]): Generator<[path: readonly Value[], type: Type]> {
    for (const child of this.children()) {
      const below = [...path, child.key];
      if (child.type !== undefined) yield [below, child.type];
      else yield* child.#leaves(below);
    }
  }
}

function insertInto(object: ObjectType, path: readonly Value[], type: Type): ObjectType {
  const [step, ...below] = path;
  if (step === undefined) return object;
  const value = below.length === 0 ? type : insertInto(objectType([]), below, type);
  const key = step === UNKNOWN_STEP ? undefined : typeOfValue(step);
  const { properties, rest } = object;
  if (rest === undefined) return objectType(properties, { key, value });
  return objectType(properties, { key: joinTypes(rest.key, key), value: joinTypes(rest.value, value) });
}
