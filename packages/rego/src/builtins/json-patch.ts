import type { NumberValue, Value } from '../value/index.ts';
import {
  bigIntOf,
  equal,
  isNumber,
  isObject,
  lookup,
  makeObject,
  objectEntries,
  RegoSet,
  typeName,
} from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import type { Family } from './define.ts';
import { fault } from './fault.ts';
import { parsePath } from './json-path.ts';

type Path = readonly Value[];
type Result = Value | BuiltinError;

/** An array index of a path; `-` is the end. */
function indexOf(step: Value, length: number): number | BuiltinError {
  if (isNumber(step)) return wholeIndex(step);
  if (typeof step !== 'string') return fault('invalid type for indexing');
  if (step === '-') return length;
  if (!/^-?\d{1,15}(?:\.0*)?$/.test(step)) return fault('invalid string for indexing');
  if (step !== '0' && step.startsWith('0')) return fault('leading zeros are not allowed in JSON paths');
  return Number(step);
}

function wholeIndex(step: NumberValue): number | BuiltinError {
  const whole = bigIntOf(step);
  return whole === undefined ? fault('invalid number type for indexing') : Number(whole);
}

/** The member of a composite that a step names. */
function child(value: Value, step: Value): Result {
  if (Array.isArray(value)) {
    const index = indexOf(step, value.length);
    if (index instanceof BuiltinError) return index;
    return index >= 0 && index < value.length
      ? (value as readonly Value[])[index]!
      : fault('index for array out of bounds');
  }
  // Null is a value: only undefined is not.
  const found = lookup(value, step);
  return found === undefined ? fault('path does not exist') : found;
}

function at(value: Value, path: Path): Result {
  let found: Result = value;
  for (const step of path) {
    found = child(found, step);
    if (found instanceof BuiltinError) return found;
  }
  return found;
}

/** The value with the member at a path changed by `edit`, which is given the composite and the last step. */
function edited(value: Value, path: Path, edit: (composite: Value, step: Value) => Result): Result {
  const [step, ...rest] = path;
  if (rest.length === 0) return edit(value, step!);
  const member = child(value, step!);
  if (member instanceof BuiltinError) return member;
  const changed = edited(member, rest, edit);
  return changed instanceof BuiltinError ? changed : withMember(value, step!, member, changed);
}

function withMember(composite: Value, step: Value, member: Value, changed: Value): Result {
  if (Array.isArray(composite)) {
    return (composite as readonly Value[]).with(indexOf(step, composite.length) as number, changed);
  }
  if (composite instanceof RegoSet) {
    return RegoSet.from([...composite.sorted().filter((other) => !equal(other, member)), changed]);
  }
  if (isObject(composite)) return makeObject([...objectEntries(composite), [step, changed]]);
  return fault('expected composite type');
}

function insert(root: Value, path: Path, value: Value): Result {
  if (path.length === 0) return value;
  return edited(root, path, (composite, step) => {
    if (Array.isArray(composite)) {
      const index = indexOf(step, composite.length);
      if (index instanceof BuiltinError) return index;
      if (index < 0 || index > composite.length) return fault('index for array insertion out of bounds');
      return (composite as readonly Value[]).toSpliced(index, 0, value);
    }
    if (composite instanceof RegoSet) {
      return equal(step, value)
        ? RegoSet.from([...composite.sorted(), value])
        : fault('set key does not equal value to be inserted');
    }
    if (isObject(composite)) return makeObject([...objectEntries(composite), [step, value]]);
    return fault('expected composite type');
  });
}

/** Undefined: the whole document was deleted. */
function remove(root: Value, path: Path): Result | undefined {
  if (path.length === 0) return undefined;
  return edited(root, path, (composite, step) => {
    if (Array.isArray(composite)) {
      const index = indexOf(step, composite.length);
      if (index instanceof BuiltinError) return index;
      if (index < 0 || index >= composite.length) return fault('index for array delete out of bounds');
      return (composite as readonly Value[]).toSpliced(index, 1);
    }
    const member = child(composite, step);
    if (member instanceof BuiltinError) return member;
    if (composite instanceof RegoSet) {
      return RegoSet.from(composite.sorted().filter((other) => !equal(other, step)));
    }
    if (isObject(composite)) {
      return makeObject(objectEntries(composite).filter(([key]) => !equal(key, step)));
    }
    return fault('expected composite type');
  });
}

/** A document under edit: undefined once the whole of it was deleted. */
type Document = Value | undefined;
type Operation = (document: Document, path: Path, patch: Value) => Document | BuiltinError;

const DELETED = fault('deleted node encountered');

function attribute(patch: Value, name: string): Result {
  const found = lookup(patch, name);
  return found === undefined ? fault(`missing required attribute '${name}'`) : found;
}

function add(document: Document, path: Path, value: Value): Document | BuiltinError {
  if (document === undefined) return path.length === 0 ? value : DELETED;
  return insert(document, path, value);
}

function fromPath(patch: Value): Path | BuiltinError {
  const from = attribute(patch, 'from');
  return from instanceof BuiltinError ? from : parsePath(from);
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  add: (document, path, patch) => {
    const value = attribute(patch, 'value');
    return value instanceof BuiltinError ? value : add(document, path, value);
  },
  remove: (document, path) => (document === undefined ? DELETED : remove(document, path)),
  replace: (document, path, patch) => {
    const value = attribute(patch, 'value');
    if (value instanceof BuiltinError) return value;
    if (document === undefined) return DELETED;
    const left = remove(document, path);
    return left instanceof BuiltinError ? left : add(left, path, value);
  },
  move: (document, path, patch) => {
    const from = fromPath(patch);
    if (from instanceof BuiltinError) return from;
    if (document === undefined) return DELETED;
    const moved = at(document, from);
    if (moved instanceof BuiltinError) return moved;
    const left = remove(document, from);
    return left instanceof BuiltinError ? left : add(left, path, moved);
  },
  copy: (document, path, patch) => {
    const from = fromPath(patch);
    if (from instanceof BuiltinError) return from;
    if (document === undefined) return DELETED;
    const copied = at(document, from);
    return copied instanceof BuiltinError ? copied : add(document, path, copied);
  },
  test: (document, path, patch) => {
    const value = attribute(patch, 'value');
    if (value instanceof BuiltinError) return value;
    if (document === undefined) return DELETED;
    const found = at(document, path);
    if (found instanceof BuiltinError) return found;
    return equal(found, value) ? document : fault('value from EditTree != patch value');
  },
};

function apply(document: Document, patch: Value): Document | BuiltinError {
  if (!isObject(patch)) {
    return fault('must be an array of JSON-Patch objects, but at least one element is not an object');
  }
  const pathText = attribute(patch, 'path');
  if (pathText instanceof BuiltinError) return pathText;
  const name = attribute(patch, 'op');
  if (name instanceof BuiltinError) return name;
  if (typeof name !== 'string') {
    return fault(`attribute 'op' must be a string but found: ${typeName(name)}`);
  }
  const path = parsePath(pathText);
  if (path instanceof BuiltinError) return path;
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
  return operation === undefined ? fault(`unrecognized op: '${name}'`) : operation(document, path, patch);
}

function patch(_context: BuiltinContext, target: Value, operations: readonly Value[]): BuiltinOutcome {
  let document: Document = target;
  for (const operation of operations) {
    const next: Document | BuiltinError = apply(document, operation);
    if (next instanceof BuiltinError) return next;
    document = next;
  }
  return document;
}

/** `json.patch`, RFC 6902 over Rego values (sets included). Source: OPA's `topdown/json.go`. */
export const JSON_PATCH: Family = { 'json.patch': patch };
