import type { Json, JsonObject } from './contract.ts';

const DEPTH_MAX = 1000;

/**
 * Does this consist of nothing but JSON: plain objects, arrays, texts, finite numbers, booleans, null. For values that
 * were read from a text or checked by `checkStrictValue`; a value of unknown origin goes through the latter.
 */
export function isJson(value: unknown): value is Json {
  return isJsonAt(value, 0);
}

/** Is this an object that consists of nothing but JSON. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isJsonAt(value, 0);
}

function isJsonAt(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth >= DEPTH_MAX) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) if (!isJsonAt(value[index], depth + 1)) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key of Object.keys(value)) {
    if (key === '__proto__' || !isJsonAt((value as Record<string, unknown>)[key], depth + 1)) return false;
  }
  return true;
}
