import { Boxed } from './boxed.ts';
import { RegoNumber } from './number.ts';
import type { JsonObject, Value } from './value.ts';

/** What a native Map or Set can compare: two values are equal exactly when their keys are. */
export type MemberKey = string | number | boolean | null;

/** Keys of composite values begin with this; strings that do so themselves are escaped. */
const COMPOSITE_MARK = '\u0000';

/** The key of a value: primitives are their own, composites become canonical text. */
export function memberKey(value: Value): MemberKey {
  if (typeof value === 'string') return value.charCodeAt(0) === 0 ? `${COMPOSITE_MARK}"${value}` : value;
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof RegoNumber && value.plain !== undefined) return value.plain;
  return COMPOSITE_MARK + canonicalText(value);
}

/** Text that differs for any two different values (sets and objects in one order). */
export function canonicalText(value: Value): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof Boxed) return value.canonicalText();
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`;
  return `{${Object.entries(value as JsonObject)
    .map(canonicalPair)
    .sort()
    .join()}}`;
}

/** One pair of an object as {@link canonicalText} writes it. */
export function canonicalPair([key, value]: readonly [Value, Value]): string {
  return `${canonicalText(key)}:${canonicalText(value)}`;
}
