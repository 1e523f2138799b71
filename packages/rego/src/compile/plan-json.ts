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

/** A part of a plan as JSON text. */
export function jsonOf(part: unknown): string {
  const writer = new PlanWriter();
  writer.write(part);
  return writer.text();
}

const BYTES_MIN = 512;
/** An escaped unit of UTF-16 takes six bytes, any other at most three. */
const UNIT_BYTES_MAX = 6;
const NUMBER_BYTES_MAX = 32;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Writes parts of plans as JSON in UTF-8, one after the other, into memory that grows: texts in between would be most
 * of the work for a large policy.
 */
export class PlanWriter {
  #bytes = new Uint8Array(BYTES_MIN);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  text(): string {
    return decoder.decode(this.#bytes.subarray(0, this.#length));
  }

  /** @throws NoDataFault where a part is no data */
  write(part: unknown): void {
    if (typeof part === 'string') this.#string(part);
    else if (typeof part === 'number') this.#number(part);
    else if (typeof part === 'boolean') this.raw(part ? 'true' : 'false');
    else if (part === null) this.raw('null');
    else if (part === undefined) this.raw(`{"${MARK}":["undefined"]}`);
    else if (Array.isArray(part)) this.#list(part);
    else if (Object.getPrototypeOf(part) === Object.prototype) this.#object(part as Record<string, unknown>);
    else this.#special(part);
  }

  #special(part: unknown): void {
    if (part instanceof RegoSet) this.#marked('set', part.sorted());
    else if (part instanceof RegoNumber) this.#marked('number', part.toString());
    else if (part instanceof RegoObject) this.#marked('object', objectEntries(part));
    else if (part instanceof Map) this.#marked('map', [...part]);
    else if (typeof part === 'object' && isPlainObject(part as Value)) {
      this.#object(part as Record<string, unknown>);
    } else throw new NoDataFault();
  }

  /** Text that is JSON already, in ASCII. */
  raw(text: string): void {
    this.#reserve(text.length);
    for (let index = 0; index < text.length; index++) this.#bytes[this.#length++] = text.charCodeAt(index);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(needed * 2);
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  #string(text: string): void {
    const start = this.#length;
    this.#reserve(text.length * UNIT_BYTES_MAX + 2);
    const bytes = this.#bytes;
    let length = start;
    bytes[length++] = QUOTE;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit < 0x20 || unit > 0x7e || unit === QUOTE || unit === BACKSLASH) {
        this.#length += encoder.encodeInto(JSON.stringify(text), bytes.subarray(start)).written;
        return;
      }
      bytes[length++] = unit;
    }
    bytes[length++] = QUOTE;
    this.#length = length;
  }

  #number(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > DIGITS_VALUE_MAX) {
      this.raw(Object.is(value, -0) ? '0' : String(value));
      return;
    }
    this.#reserve(NUMBER_BYTES_MAX);
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits++;
    let rest = value;
    for (let index = digits - 1; index >= 0; index--) {
      this.#bytes[this.#length + index] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    this.#length += digits;
  }

  #list(parts: readonly unknown[]): void {
    this.#byte(OPEN_LIST);
    for (let index = 0; index < parts.length; index++) {
      if (index > 0) this.#byte(COMMA);
      this.write(parts[index]);
    }
    this.#byte(CLOSE_LIST);
  }

  #marked(kind: string, of: unknown): void {
    this.raw(`{"${MARK}":["${kind}",`);
    this.write(of);
    this.raw(']}');
  }

  #object(part: Readonly<Record<string, unknown>>): void {
    if (isLocation(part)) {
      this.#location(part);
      return;
    }
    const start = this.#length;
    this.#byte(OPEN_OBJECT);
    // Only own members: nothing is added to prototypes here.
    for (const key in part) {
      // As a key of its own `__proto__` would be lost on the way back.
      if (key === MARK || key === '__proto__') {
        this.#length = start;
        this.#marked('object', Object.entries(part));
        return;
      }
      const member = part[key];
      if (member === undefined) continue;
      if (this.#length > start + 1) this.#byte(COMMA);
      this.#string(key);
      this.#byte(COLON);
      this.write(member);
    }
    this.#byte(CLOSE_OBJECT);
  }

  #location({ file, row, column, start, end }: Location): void {
    this.raw(`{"${MARK}":["at",`);
    this.#string(file);
    this.#byte(COMMA);
    this.#number(row);
    this.#byte(COMMA);
    this.#number(column);
    this.#byte(COMMA);
    this.#number(start);
    this.#byte(COMMA);
    this.#number(end);
    this.raw(']}');
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** Larger whole numbers are left to JavaScript, which may write them with an exponent. */
const DIGITS_VALUE_MAX = 1_000_000_000;

const LOCATION_KEYS = ['file', 'row', 'column', 'start', 'end'];

/** Exactly the members of a place, which plans are full of: a policy's own object of this form comes back as it was. */
function isLocation(part: object): part is Location {
  let count = 0;
  for (const key in part) {
    if (key !== LOCATION_KEYS[count]) return false;
    count++;
  }
  if (count !== LOCATION_KEYS.length) return false;
  const { file, row, column, start, end } = part as Location;
  return (
    typeof file === 'string' &&
    Number.isInteger(row) &&
    Number.isInteger(column) &&
    Number.isInteger(start) &&
    Number.isInteger(end)
  );
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
