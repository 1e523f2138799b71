import type { Json, JsonObject } from '@writ/decision';

/** One change of the data that was written over the API. `put` makes the folders above it, as OPA's PUT does. */
export type DataOperation =
  | { readonly op: 'put' | 'add' | 'replace'; readonly path: readonly string[]; readonly value: Json }
  | { readonly op: 'remove'; readonly path: readonly string[] };

export type DataChange =
  | { readonly ok: true; readonly data: JsonObject }
  | {
      readonly ok: false;
      readonly code: 'resource_not_found' | 'resource_conflict' | 'invalid_parameter';
      readonly message: string;
    };

type Container = Record<string, Json> | Json[];

/** The document with all operations applied in turn, or why none is. The document itself stays as it is. */
export function changeData(data: JsonObject, operations: readonly DataOperation[]): DataChange {
  let root = structuredClone(data) as Json;
  for (const operation of operations) {
    const { path } = operation;
    if (path.includes('__proto__')) return failed('invalid_parameter', 'key `__proto__` is not allowed');
    if (path.length === 0) {
      const value = operation.op === 'remove' ? {} : operation.value;
      if (!isObject(value)) return failed('invalid_parameter', 'data at the top must be an object');
      root = structuredClone(value);
      continue;
    }
    const problem = apply(root as Container, operation);
    if (problem !== undefined) return problem;
  }
  return { ok: true, data: root as JsonObject };
}

/** Is there something at a path. */
export function hasPath(data: JsonObject, path: readonly string[]): boolean {
  let at: Json | undefined = data;
  for (const step of path) {
    at = isContainer(at) ? childOf(at, step) : undefined;
    if (at === undefined) return false;
  }
  return true;
}

function apply(root: Container, operation: DataOperation): DataChange | undefined {
  const { path, op } = operation;
  const last = path.at(-1) as string;
  let parent = root;
  for (const [at, step] of path.slice(0, -1).entries()) {
    let next = childOf(parent, step);
    if (next === undefined && op === 'put' && !Array.isArray(parent)) {
      next = {};
      parent[step] = next;
    }
    if (next === undefined)
      return failed('resource_not_found', 'storage_not_found_error: document does not exist');
    if (!isContainer(next)) {
      if (op !== 'put')
        return failed('resource_not_found', 'storage_not_found_error: document does not exist');
      const place = path.slice(0, at + 1).join('/');
      return failed('resource_conflict', `storage_write_conflict_error: /${place}`);
    }
    parent = next as Container;
  }
  return Array.isArray(parent)
    ? applyToList(parent, last, operation)
    : applyToObject(parent, last, operation);
}

function applyToObject(
  parent: Record<string, Json>,
  key: string,
  operation: DataOperation,
): DataChange | undefined {
  const exists = Object.hasOwn(parent, key);
  if ((operation.op === 'remove' || operation.op === 'replace') && !exists)
    return failed('resource_not_found', 'storage_not_found_error: document does not exist');
  if (operation.op === 'remove') delete parent[key];
  else parent[key] = structuredClone(operation.value);
  return undefined;
}

function applyToList(list: Json[], step: string, operation: DataOperation): DataChange | undefined {
  const adds = operation.op === 'add';
  const index = step === '-' && adds ? list.length : indexOf(step);
  if (index === undefined || index > (adds ? list.length : list.length - 1))
    return failed('resource_not_found', 'storage_not_found_error: array index out of range');
  if (operation.op === 'remove') list.splice(index, 1);
  else list.splice(index, adds ? 0 : 1, structuredClone(operation.value));
  return undefined;
}

function childOf(container: Container | JsonObject | readonly Json[], step: string): Json | undefined {
  if (Array.isArray(container)) {
    const index = indexOf(step);
    return index === undefined ? undefined : (container as readonly Json[])[index];
  }
  return Object.hasOwn(container, step) ? (container as JsonObject)[step] : undefined;
}

function indexOf(step: string): number | undefined {
  return /^(?:0|[1-9]\d{0,8})$/.test(step) ? Number(step) : undefined;
}

function isContainer(value: Json | undefined): value is JsonObject | readonly Json[] {
  return typeof value === 'object' && value !== null;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function failed(
  code: 'resource_not_found' | 'resource_conflict' | 'invalid_parameter',
  message: string,
): DataChange {
  return { ok: false, code, message };
}
