import type { Location } from '../syntax/ast.ts';
import type { Value } from '../value/index.ts';
import {
  isPlainObject,
  makeObject,
  numberAsWritten,
  objectEntries,
  RegoNumber,
  RegoObject,
  RegoSet,
} from '../value/index.ts';
import { NoDataFault } from './data-code.ts';

/**
 * What JSON has no word for stands in an object with this one key: a kind and what it is made of. Plans have no such
 * key of their own; objects of policies that have it are written as a list of pairs.
 */
const MARK = '$';

/** A part of a plan as JSON text, written at once: copies in between would be most of the work for a large policy. */
export function jsonOf(part: unknown): string {
  if (typeof part === 'string') return JSON.stringify(part);
  if (typeof part === 'number') return Object.is(part, -0) ? '0' : String(part);
  if (typeof part === 'boolean') return part ? 'true' : 'false';
  if (part === null) return 'null';
  if (part === undefined) return marked('undefined');
  if (Array.isArray(part)) return listOf(part);
  if (Object.getPrototypeOf(part) === Object.prototype) return objectOf(part as Record<string, unknown>);
  if (part instanceof RegoSet) return marked('set', listOf(part.sorted()));
  if (part instanceof RegoNumber) return marked('number', JSON.stringify(part.toString()));
  if (part instanceof RegoObject) return marked('object', listOf(objectEntries(part)));
  if (part instanceof Map) return marked('map', listOf([...part]));
  if (typeof part !== 'object' || !isPlainObject(part as Value)) throw new NoDataFault();
  return objectOf(part as Record<string, unknown>);
}

function marked(kind: string, of?: string): string {
  return of === undefined ? `{"${MARK}":["${kind}"]}` : `{"${MARK}":["${kind}",${of}]}`;
}

function listOf(parts: readonly unknown[]): string {
  let text = '[';
  for (let index = 0; index < parts.length; index++) text += (index === 0 ? '' : ',') + jsonOf(parts[index]);
  return `${text}]`;
}

function objectOf(part: Readonly<Record<string, unknown>>): string {
  const keys = Object.keys(part);
  if (isLocation(keys, part)) {
    const { file, row, column, start, end } = part;
    return marked('at', `${keyText(file)},${row},${column},${start},${end}`);
  }
  // As a key of its own `__proto__` would be lost on the way back.
  if (keys.includes(MARK) || keys.includes('__proto__'))
    return marked('object', listOf(Object.entries(part)));
  let text = '';
  for (const key of keys) {
    const member = part[key];
    if (member !== undefined) text += `${text === '' ? '' : ','}${keyText(key)}:${jsonOf(member)}`;
  }
  return `{${text}}`;
}

const LOCATION_KEYS = ['file', 'row', 'column', 'start', 'end'];

/** Exactly the members of a place, which plans are full of: a policy's own object of this form comes back as it was. */
function isLocation(keys: readonly string[], part: object): part is Location {
  if (keys.length !== LOCATION_KEYS.length) return false;
  for (let index = 0; index < keys.length; index++) if (keys[index] !== LOCATION_KEYS[index]) return false;
  const { file, row, column, start, end } = part as Location;
  return (
    typeof file === 'string' &&
    Number.isInteger(row) &&
    Number.isInteger(column) &&
    Number.isInteger(start) &&
    Number.isInteger(end)
  );
}

const WORDS_MAX = 1_000;
const words = new Map<string, string>();

/** Keys and names of files as JSON, which come again and again. */
function keyText(word: string): string {
  let text = words.get(word);
  if (text === undefined) {
    text = JSON.stringify(word);
    if (words.size < WORDS_MAX) words.set(word, text);
  }
  return text;
}

/** What is other in a part that is read in the place of another one. */
export interface ReadChanges {
  readonly word: (word: string) => unknown;
  readonly place: (place: Location) => Location;
}

/** The part of a plan that JSON values stand for, which are changed into it. */
export function fromJson(part: unknown, changes?: ReadChanges): unknown {
  if (typeof part === 'string' && changes !== undefined) return changes.word(part);
  if (part === null || typeof part !== 'object') return part;
  if (Array.isArray(part)) {
    for (let index = 0; index < part.length; index++) part[index] = fromJson(part[index], changes);
    return part;
  }
  const object = part as Record<string, unknown>;
  const mark = object[MARK];
  if (mark !== undefined) return special(mark as [string, unknown], changes);
  for (const key of Object.keys(object)) object[key] = fromJson(object[key], changes);
  return object;
}

function special([kind, of, ...more]: [string, unknown, ...number[]], changes?: ReadChanges): unknown {
  if (kind === 'undefined') return undefined;
  if (kind === 'at') {
    const [row, column, start, end] = more as [number, number, number, number];
    const place: Location = { file: of as string, row, column, start, end };
    return changes === undefined ? place : changes.place(place);
  }
  if (kind === 'number') return numberAsWritten(of as string);
  const parts = fromJson(of, changes) as Value[];
  if (kind === 'set') return RegoSet.from(parts);
  const entries = parts as unknown as (readonly [Value, Value])[];
  return kind === 'map' ? new Map(entries) : makeObject(entries);
}
