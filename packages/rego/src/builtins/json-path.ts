import type { MemberKey, ObjectValue, Value } from '../value/index.ts';
import { isObject, lookup, makeObject, memberKey, objectEntries, RegoSet, typeName } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import type { Family } from './define.ts';
import { operandFault } from './fault.ts';
import { membersOf } from './operand.ts';

/** Paths folded into a tree: a leaf is the end of a path, and hides longer paths through it. */
type PathTree = 'leaf' | Map<MemberKey, PathTree>;

/** A path of `json.filter`, `json.remove` and `json.patch`: `a/b~1c` or an array of steps. */
export function parsePath(path: Value): readonly Value[] | BuiltinError {
  if (Array.isArray(path)) return path;
  if (typeof path !== 'string') {
    return operandFault(
      2,
      `must be one of {set, array} containing string paths or array of path segments but got ${typeName(path)}`,
    );
  }
  if (path === '') return [];
  return path
    .replace(/^\/+/, '')
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function pathTree(paths: readonly Value[] | RegoSet): PathTree | BuiltinError {
  const root = new Map<MemberKey, PathTree>();
  for (const text of membersOf(paths)) {
    const path = parsePath(text);
    if (path instanceof BuiltinError) return path;
    addPath(root, path);
  }
  return root;
}

function addPath(root: Map<MemberKey, PathTree>, path: readonly Value[]): void {
  let node = root;
  for (let index = 0; index < path.length; index++) {
    const key = memberKey(path[index]!);
    if (index === path.length - 1) {
      node.set(key, 'leaf');
      return;
    }
    let child = node.get(key);
    if (child === 'leaf') return;
    if (child === undefined) {
      child = new Map();
      node.set(key, child);
    }
    node = child;
  }
}

/** Keeps or drops what the tree names. Undefined: nothing is left of the value. */
function select(value: Value, tree: PathTree | undefined, keep: boolean): Value | undefined {
  if (tree === 'leaf') return keep ? value : undefined;
  if (tree === undefined) return keep ? undefined : value;
  if (Array.isArray(value)) {
    return (value as readonly Value[])
      .map((member, index) => select(member, tree.get(String(index)), keep))
      .filter((member) => member !== undefined);
  }
  if (value instanceof RegoSet) {
    const members = value.sorted().map((member) => select(member, tree.get(memberKey(member)), keep));
    return RegoSet.from(members.filter((member) => member !== undefined));
  }
  if (!isObject(value)) return value;
  const pairs: [Value, Value][] = [];
  for (const [key, member] of objectEntries(value)) {
    const left = select(member, tree.get(memberKey(key)), keep);
    if (left !== undefined) pairs.push([key, left]);
  }
  return makeObject(pairs);
}

function selection(keep: boolean) {
  return (
    _context: BuiltinContext,
    object: ObjectValue,
    paths: readonly Value[] | RegoSet,
  ): BuiltinOutcome => {
    const tree = pathTree(paths);
    return tree instanceof BuiltinError ? tree : select(object, tree, keep);
  };
}

function union(a: ObjectValue, b: ObjectValue): ObjectValue {
  const pairs: (readonly [Value, Value])[] = [...objectEntries(a)];
  for (const [key, value] of objectEntries(b)) {
    const known = lookup(a, key);
    const isBoth = known !== undefined && isObject(known) && isObject(value);
    pairs.push([key, isBoth ? union(known, value) : value]);
  }
  return makeObject(pairs);
}

function unionAll(_context: BuiltinContext, objects: readonly Value[]): BuiltinOutcome {
  let united: ObjectValue = makeObject([]);
  for (const object of objects) {
    if (!isObject(object)) {
      return operandFault(1, `must be array of objects but got array containing ${typeName(object)}`);
    }
    united = union(united, object);
  }
  return united;
}

type Keys = readonly Value[] | RegoSet | ObjectValue;

function keySet(keys: Keys): RegoSet {
  if (keys instanceof RegoSet) return keys;
  if (Array.isArray(keys)) return RegoSet.from(keys as readonly Value[]);
  return RegoSet.from(objectEntries(keys as ObjectValue).map(([key]) => key));
}

function withKeys(keep: boolean) {
  return (_context: BuiltinContext, object: ObjectValue, keys: Keys): BuiltinOutcome => {
    const named = keySet(keys);
    return makeObject(objectEntries(object).filter(([key]) => named.has(key) === keep));
  };
}

function get(_context: BuiltinContext, object: ObjectValue, path: Value, otherwise: Value): BuiltinOutcome {
  const steps: readonly Value[] = Array.isArray(path) ? path : [path];
  let found: Value | undefined = object;
  for (const step of steps) {
    found = lookup(found, step);
    if (found === undefined) return otherwise;
  }
  return found;
}

const KEYS = [undefined, ['object', 'set', 'array']] as const;

/** Objects, and paths into them. Source: OPA's `topdown/object.go`, `json.go`. */
export const OBJECTS: Family = {
  'object.get': get,
  'object.keys': (_context, object: ObjectValue) => keySet(object),
  'object.union': (_context, a: ObjectValue, b: ObjectValue) => union(a, b),
  'object.union_n': unionAll,
  'object.remove': { call: withKeys(false), expected: KEYS },
  'object.filter': { call: withKeys(true), expected: KEYS },
  'json.filter': { call: selection(true), expected: [undefined, ['set', 'array']] },
  'json.remove': { call: selection(false), expected: [undefined, ['set', 'array']] },
};
