import { sortedKeys } from './canonical-writer.ts';
import type { Json, JsonObject } from './contract.ts';

/**
 * The one text of a JSON value (RFC 8785, JCS): no white space, keys sorted by UTF-16 code units, numbers as
 * ECMAScript prints them, strings with the fewest escapes. Two values have the same text exactly when they are equal.
 *
 * Takes a value that was read strictly (`readStrict`, `checkStrictValue`); anything that is not JSON is a bug of the
 * caller and throws a `TypeError`.
 */
export function canonicalJson(value: Json): string {
  switch (typeof value) {
    case 'string':
      return canonicalString(value);
    case 'number':
      return canonicalNumber(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      return isArray(value) ? canonicalArray(value) : canonicalObject(value);
    default:
      throw new TypeError(`not a JSON value: ${typeof value}`);
  }
}

function isArray(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}

function canonicalArray(value: readonly Json[]): string {
  let text = '[';
  for (let index = 0; index < value.length; index++) {
    if (index > 0) text += ',';
    text += canonicalJson(value[index] as Json);
  }
  return `${text}]`;
}

function canonicalObject(value: JsonObject): string {
  const keys = sortedKeys(value);
  let text = '{';
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as string;
    if (index > 0) text += ',';
    text += `${canonicalString(key)}:${canonicalJson(value[key] as Json)}`;
  }
  return `${text}}`;
}

/** Texts that JSON writes as they are: printable ASCII without quotation mark and backslash. */
const PLAIN = /^[ !#-[\]-~]*$/;

function canonicalString(value: string): string {
  if (PLAIN.test(value)) return `"${value}"`;
  if (!value.isWellFormed()) throw new TypeError('not a JSON value: string with a lone surrogate');
  return JSON.stringify(value);
}

function canonicalNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`not a JSON value: ${value}`);
  // String(-0) is '0', as JCS asks.
  return String(value);
}
