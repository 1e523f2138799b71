import type { Json, JsonObject } from './contract.ts';

/**
 * Writes canonical JSON (RFC 8785, as `canonicalJson` gives it) as UTF-8 into memory that is used again: what is only
 * hashed never becomes a text, and what becomes one is made at once, not piece by piece. Synchronous work only: the bytes
 * are another's after the next `reset`.
 */
export class CanonicalWriter {
  #bytes: Uint8Array;
  #length = 0;
  #isAscii = true;

  constructor(capacity = 16 * 1_024) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Bytes written since the last `reset`. */
  get length(): number {
    return this.#length;
  }

  /** Whether all of them are ASCII. */
  get isAscii(): boolean {
    return this.#isAscii;
  }

  /** Begins anew. Memory that one large value took is let go. */
  reset(): void {
    if (this.#bytes.length > CAPACITY_KEPT) this.#bytes = new Uint8Array(CAPACITY_KEPT);
    this.#length = 0;
    this.#isAscii = true;
  }

  /** What was written, from one position to another: a view, not a copy. */
  bytes(from = 0, to = this.#length): Uint8Array {
    return this.#bytes.subarray(from, to);
  }

  /** Text as it is, all of it ASCII: punctuation, names, digests. */
  ascii(text: string): void {
    const { length } = text;
    this.#reserve(length);
    const bytes = this.#bytes;
    const start = this.#length;
    for (let index = 0; index < length; index++) bytes[start + index] = text.charCodeAt(index);
    this.#length = start + length;
  }

  /** Bytes as they are, of a text that is well-formed. */
  copy(other: Uint8Array, isAscii: boolean): void {
    this.#reserve(other.length);
    this.#bytes.set(other, this.#length);
    this.#length += other.length;
    this.#isAscii &&= isAscii;
  }

  /** A value that was read strictly; throws a `TypeError` for what is no JSON. */
  json(value: Json): void {
    if (typeof value === 'string') this.#string(value);
    else if (typeof value === 'boolean') this.ascii(value ? 'true' : 'false');
    else if (value === null) this.ascii('null');
    else if (typeof value === 'number' && Number.isFinite(value)) this.ascii(String(value));
    else if (typeof value !== 'object') throw new TypeError(`not a JSON value: ${String(value)}`);
    else if (Array.isArray(value)) this.#array(value);
    else this.#object(value as JsonObject);
  }

  #array(value: readonly Json[]): void {
    this.#byte(OPEN_ARRAY);
    for (let index = 0; index < value.length; index++) {
      if (index > 0) this.#byte(COMMA);
      this.json(value[index] as Json);
    }
    this.#byte(CLOSE_ARRAY);
  }

  #object(value: JsonObject): void {
    const keys = sortedKeys(value);
    this.#byte(OPEN_OBJECT);
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as string;
      if (index > 0) this.#byte(COMMA);
      this.#string(key);
      this.#byte(COLON);
      this.json(value[key] as Json);
    }
    this.#byte(CLOSE_OBJECT);
  }

  #string(text: string): void {
    const { length } = text;
    this.#reserve(length + 2);
    const bytes = this.#bytes;
    const start = this.#length;
    bytes[start] = QUOTE;
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      // What JSON writes as it is: printable ASCII without quotation mark and backslash.
      if (unit < 0x20 || unit > 0x7e || unit === QUOTE || unit === BACKSLASH) {
        this.#unusual(text);
        return;
      }
      bytes[start + 1 + index] = unit;
    }
    bytes[start + 1 + length] = QUOTE;
    this.#length = start + length + 2;
  }

  #unusual(text: string): void {
    if (!text.isWellFormed()) throw new TypeError('not a JSON value: string with a lone surrogate');
    const quoted = JSON.stringify(text);
    this.#reserve(quoted.length * 3);
    const { written } = encoder.encodeInto(quoted, this.#bytes.subarray(this.#length));
    this.#length += written;
    if (written !== quoted.length) this.#isAscii = false;
  }

  #byte(byte: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Memory that a writer keeps, bytes. */
const CAPACITY_KEPT = 256 * 1_024;

const encoder = new TextEncoder();

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** With more keys than this the general sort is faster. */
const FEW_KEYS = 24;

/**
 * Keys in order of UTF-16 code units, as JCS asks and as texts compare; few keys without the memory that `sort` takes.
 */
export function sortedKeys(value: JsonObject): string[] {
  const keys = Object.keys(value);
  if (keys.length > FEW_KEYS) return keys.sort();
  for (let end = 1; end < keys.length; end++) {
    const key = keys[end] as string;
    let place = end;
    for (; place > 0 && (keys[place - 1] as string) > key; place--) keys[place] = keys[place - 1] as string;
    keys[place] = key;
  }
  return keys;
}
