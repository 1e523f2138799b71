import { Boxed } from './boxed.ts';
import { numberAsWritten, numberFromBigInt, numberFromText, numberText, RegoNumber } from './number.ts';
import type { ObjectValue } from './object.ts';
import { objectEntries, objectKeys, RegoObject } from './object.ts';
import { RegoSet } from './set.ts';
import { compareStrings } from './string-order.ts';
import type { JsonObject, Value } from './value.ts';

/** Plain JSON as JavaScript holds it. */
export type ParsedJson =
  | null
  | boolean
  | number
  | string
  | readonly ParsedJson[]
  | { readonly [key: string]: ParsedJson };

/** How {@link toJson} writes. */
export interface ToJsonOptions {
  /** Write `<`, `>`, `&`, U+2028 and U+2029 in strings as escapes, as Go's encoder does. */
  readonly escapeHtml?: boolean;
}

/** How {@link fromJson} reads. */
export interface FromJsonOptions {
  /** Keep the text of numbers that would be written in another way (`1.0`, `1e2`). */
  readonly asWritten?: boolean;
}

/** Finds numbers with an exponent, and those whose fraction ends with a zero. */
const OTHER_TEXT = /[0-9][eE]|\.[0-9]*0(?![0-9])|[0-9.]{16}|-0/;

/** A number (or text that looks like one) whose value JSON.parse might not keep. */
const LONG_NUMBER = /(?:^|[:[,\s])-?(?:[\d.]{16}|[\d.]+[eE])/;
/** Finds all that {@link LONG_NUMBER} finds, and more, several times as fast. */
const LIKELY_LONG_NUMBER = /[0-9](?:[0-9.]{15}|[eE])/;
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver: SourceReviver) => unknown;

/**
 * Reads JSON without losing digits. Of repeated keys the last one counts and lone surrogates become U+FFFD, as in
 * OPA.
 *
 * @returns undefined when the text is no JSON, or holds a number that OPA refuses
 */
export function fromJson(text: string, options: FromJsonOptions = {}): Value | undefined {
  try {
    const whole = text.isWellFormed() ? text : text.toWellFormed();
    if (whole.includes('\\u') && SURROGATE_ESCAPE.test(whole)) return wellFormed(parseExactly(whole));
    if (options.asWritten && OTHER_TEXT.test(whole)) return parseExactly(whole, numberAsWritten);
    const isExact = !LIKELY_LONG_NUMBER.test(whole) || !LONG_NUMBER.test(whole);
    return isExact ? (JSON.parse(whole) as Value) : parseExactly(whole);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function parseExactly(text: string, read = numberFromText): Value {
  return parseWithSource(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || source === undefined) return value;
    const number = read(source);
    if (number === undefined) throw new RangeError('number out of bounds');
    return number;
  }) as Value;
}

function wellFormed(value: Value): Value {
  if (typeof value === 'string') return value.toWellFormed();
  if (value === null || typeof value !== 'object' || value instanceof Boxed) return value;
  if (Array.isArray(value)) return value.map(wellFormed);
  const copy: Record<string, Value> = Object.create(null);
  for (const [key, member] of Object.entries(value as JsonObject))
    copy[key.toWellFormed()] = wellFormed(member);
  return copy;
}

/**
 * Takes what a program holds as JSON: parsed JSON is used in place, without copying. Members that are undefined or
 * functions are left out and big integers become numbers, which copies the objects on their way.
 *
 * @returns undefined when the value has no JSON form (undefined itself, NaN, infinities, symbols)
 */
export function fromParsed(value: unknown): Value | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : undefined;
    case 'bigint':
      return numberFromBigInt(value);
    case 'object':
      if (value === null || value instanceof Boxed) return value as Value;
      return Array.isArray(value) ? arrayFromParsed(value) : objectFromParsed(value);
    default:
      return undefined;
  }
}

function arrayFromParsed(values: readonly unknown[]): Value {
  let copy: Value[] | undefined;
  for (let index = 0; index < values.length; index++) {
    // A hole or an undefined member is null, as JSON.stringify writes it.
    const member = fromParsed(values[index]) ?? null;
    if (copy === undefined && member === values[index]) continue;
    copy ??= values.slice(0, index) as Value[];
    copy.push(member);
  }
  return copy ?? (values as readonly Value[]);
}

function objectFromParsed(source: object): Value | undefined {
  const toJSON: unknown = (source as { toJSON?: unknown }).toJSON;
  if (typeof toJSON === 'function') return fromParsed(toJSON.call(source));
  let copy: Record<string, Value> | undefined;
  const names = Object.keys(source);
  for (let index = 0; index < names.length; index++) {
    const name = names[index]!;
    const given: unknown = (source as Record<string, unknown>)[name];
    const member = fromParsed(given);
    if (copy === undefined && member === given && member !== undefined) continue;
    copy ??= copyMembers(source as JsonObject, names, index);
    if (member !== undefined) copy[name] = member;
  }
  return copy ?? (source as JsonObject);
}

function copyMembers(source: JsonObject, names: readonly string[], count: number): Record<string, Value> {
  const copy: Record<string, Value> = Object.create(null);
  for (let index = 0; index < count; index++) copy[names[index]!] = source[names[index]!]!;
  return copy;
}

/**
 * Writes a value as OPA does: sets as sorted arrays, keys sorted, keys that are no strings as their JSON text,
 * every digit of a number.
 */
export function toJson(value: Value, options: ToJsonOptions = {}): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' || value instanceof RegoNumber) return numberText(value);
  if (typeof value === 'string') return stringText(value, options);
  if (Array.isArray(value)) return `[${value.map((member) => toJson(member, options)).join()}]`;
  if (value instanceof RegoSet)
    return `[${value
      .sorted()
      .map((member) => toJson(member, options))
      .join()}]`;
  const pairs = namedEntries(value as ObjectValue, options);
  return `{${pairs.map(([name, member]) => `${stringText(name, options)}:${toJson(member, options)}`).join()}}`;
}

const HTML_ESCAPES: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

function stringText(text: string, options: ToJsonOptions): string {
  // A lone surrogate stands for a byte that is no UTF-8, which Go writes as U+FFFD.
  const json = JSON.stringify(text.isWellFormed() ? text : text.toWellFormed());
  return options.escapeHtml ? json.replace(/[<>&\u2028\u2029]/g, (mark) => HTML_ESCAPES[mark]!) : json;
}

/** Pairs under their JSON names, sorted; of several keys with one JSON name the last counts. */
function namedEntries(object: ObjectValue, options: ToJsonOptions): (readonly [string, Value])[] {
  const pairs = objectEntries(object);
  if (!(object instanceof RegoObject)) return pairs as (readonly [string, Value])[];
  const named = new Map<string, Value>();
  for (const [key, member] of pairs) named.set(typeof key === 'string' ? key : toJson(key, options), member);
  return [...named].sort((a, b) => compareStrings(a[0], b[0]));
}

/**
 * The value as plain JSON: sets become sorted arrays, keys strings. Numbers beyond a double are rounded; where that
 * matters, use {@link toJson}. What holds no such value is returned as it is, not copied.
 */
export function toParsed(value: Value): ParsedJson {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof RegoNumber) return value.toJSON();
  if (value instanceof RegoSet) return value.sorted().map(toParsed);
  if (Array.isArray(value)) {
    const members = value as readonly Value[];
    return members.every(isParsed) ? (members as readonly ParsedJson[]) : members.map(toParsed);
  }
  if (isParsed(value)) return value as ParsedJson;
  const copy: Record<string, ParsedJson> = Object.create(null);
  for (const [name, member] of namedEntries(value as ObjectValue, {})) copy[name] = toParsed(member);
  return copy;
}

function isParsed(value: Value): boolean {
  if (value === null || typeof value !== 'object') return true;
  if (value instanceof Boxed) return false;
  if (Array.isArray(value)) return value.every(isParsed);
  return objectKeys(value as JsonObject).every((name) => isParsed((value as JsonObject)[name as string]!));
}
