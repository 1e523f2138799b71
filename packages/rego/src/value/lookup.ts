import { Boxed } from './boxed.ts';
import { RegoObject } from './object.ts';
import { RegoSet } from './set.ts';
import type { JsonObject, Value } from './value.ts';

/**
 * One step of a reference: an object by key, an array by integer, a set by member (which gives the member).
 * Everything else is undefined.
 */
export function lookup(value: Value | undefined, key: Value): Value | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (Array.isArray(value)) return typeof key === 'number' ? value[key] : undefined;
  if (value instanceof Boxed) {
    if (value instanceof RegoSet) return value.has(key) ? key : undefined;
    return value instanceof RegoObject ? value.get(key) : undefined;
  }
  return typeof key === 'string' && Object.hasOwn(value, key) ? (value as JsonObject)[key] : undefined;
}
