import { isUtf8 } from 'node:buffer';
import { isExactNumber } from '@writ/decision';
import { compareCodePoints } from '../signing/order.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  MINUS,
  NINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  ORDER_UNCLEAR,
  QUOTE,
  ZERO,
} from './json-bytes.ts';

import { JsonCursor, UNCLEAR, Unclear } from './json-cursor.ts';

/**
 * `jcs`: RFC 8785. `go`: what OPA hashes (OPA 1.22, `v1/bundle/hash.go`): numbers as they are written, keys by code
 * point, the two line separators escaped.
 */
export type JsonForm = 'jcs' | 'go';

/** Members that are put in order in place. */
const FEW_MEMBERS = 24;
const DEPTH_MAX = 500;

/** U+2028 and U+2029 in UTF-8, but for the last byte. */
const SEPARATOR = [0xe2, 0x80] as const;
const SEPARATOR_LAST = 0xa8;

/**
 * A JSON text in another form, without making values of it: 100 MB take a fraction of what parsing them takes, and no
 * heap. Undefined where the text is not JSON, holds a key twice or half a surrogate pair, or nests deeper than 500; for
 * `jcs` also where it holds a number that no double holds.
 */
export function rewriteJson(text: Uint8Array, form: JsonForm): Uint8Array | undefined {
  if (!isUtf8(text)) return undefined;
  const rewriter = new Rewriter(text, form);
  try {
    return rewriter.document();
  } catch (fault) {
    if (fault instanceof Unclear) return undefined;
    throw fault;
  }
}

/** Each method expects `at` on the first byte of what it reads, leaves it after the last, and writes as it reads. */
class Rewriter extends JsonCursor {
  readonly #isGo: boolean;
  #out: Buffer;
  #length = 0;
  /** Where members of open objects begin in what is written: the quote of their key. */
  #starts: number[] = [];
  #scratch = Buffer.alloc(0);

  constructor(text: Uint8Array, form: JsonForm) {
    super(text, DEPTH_MAX);
    this.#isGo = form === 'go';
    this.#out = Buffer.allocUnsafeSlow(text.length + 64);
  }

  document(): Uint8Array {
    this.space();
    this.#value();
    this.space();
    if (this.at < this.text.length) throw UNCLEAR;
    return this.#out.subarray(0, this.#length);
  }

  #value(): void {
    const byte = this.text[this.at];
    if (byte === QUOTE) this.#string();
    else if (byte === OPEN_BRACE) this.#object();
    else if (byte === OPEN_BRACKET) this.#array();
    else if (byte === MINUS || (byte !== undefined && byte >= ZERO && byte <= NINE)) this.#number();
    else this.#word();
  }

  #array(): void {
    this.enter();
    this.#put(this.text[this.at++]!);
    this.space();
    while (this.text[this.at] !== CLOSE_BRACKET) {
      this.#value();
      this.space();
      if (this.text[this.at] !== CLOSE_BRACKET) this.#separate(COMMA, CLOSE_BRACKET);
    }
    this.#leave();
  }

  #object(): void {
    this.enter();
    this.#put(this.text[this.at++]!);
    this.space();
    const starts = this.#starts;
    const base = starts.length;
    let isSorted = true;
    while (this.text[this.at] !== CLOSE_BRACE) {
      if (this.text[this.at] !== QUOTE) throw UNCLEAR;
      const start = this.#length;
      this.#string();
      isSorted &&= starts.length === base || this.#compare(starts.at(-1)!, start) < 0;
      starts.push(start);
      this.space();
      this.#separate(COLON);
      this.#value();
      this.space();
      if (this.text[this.at] !== CLOSE_BRACE) this.#separate(COMMA, CLOSE_BRACE);
    }
    if (!isSorted) this.#sort(base);
    starts.length = base;
    this.#leave();
  }

  /** A comma or a colon, and the space after it, which is not written; something else than `not` follows. */
  #separate(byte: number, not?: number): void {
    if (this.text[this.at] !== byte) throw UNCLEAR;
    this.at++;
    this.#put(byte);
    this.space();
    if (this.text[this.at] === not) throw UNCLEAR;
  }

  /** Puts the members that were written since `base` in order. */
  #sort(base: number): void {
    const starts = this.#starts;
    const first = starts[base]!;
    // Every member ends with a comma while it is moved.
    this.#put(COMMA);
    const end = this.#length;
    if (this.#scratch.length < end - first) this.#scratch = Buffer.allocUnsafeSlow((end - first) * 2);
    const scratch = this.#scratch;
    const places = starts.slice(base);
    const sizes = places.map((start, index) => (places[index + 1] ?? end) - start);
    const order = this.#order(places);
    let to = 0;
    for (const index of order) {
      const start = places[index]!;
      this.#out.copy(scratch, to, start, start + sizes[index]!);
      to += sizes[index]!;
    }
    scratch.copy(this.#out, first, 0, to);
    this.#length = end - 1;
  }

  /** Positions in the list, in the order of the keys that are written there. */
  #order(places: readonly number[]): number[] {
    const order = Array.from(places, (_, index) => index);
    const compare = (left: number, right: number): number => this.#compare(places[left]!, places[right]!);
    if (order.length > FEW_MEMBERS) order.sort(compare);
    else
      for (let index = 1; index < order.length; index++) {
        const moved = order[index]!;
        let at = index;
        for (; at > 0 && compare(order[at - 1]!, moved) > 0; at--) order[at] = order[at - 1]!;
        order[at] = moved;
      }
    for (let index = 1; index < order.length; index++)
      if (compare(order[index - 1]!, order[index]!) === 0) throw UNCLEAR;
    return order;
  }

  /** Of two keys, by where their quotes stand in what is written. */
  #compare(left: number, right: number): number {
    const out = this.#out;
    for (let offset = 1; ; offset++) {
      const [one, other] = [out[left + offset]!, out[right + offset]!];
      if (one >= ORDER_UNCLEAR || other >= ORDER_UNCLEAR || one === BACKSLASH || other === BACKSLASH)
        return this.#compareTexts(this.#key(left), this.#key(right));
      if (one !== other) {
        // The quote ends a key, and so comes before everything.
        if (one === QUOTE) return -1;
        return other === QUOTE ? 1 : one - other;
      }
      if (one === QUOTE) return 0;
    }
  }

  #compareTexts(left: string, right: string): number {
    if (this.#isGo) return compareCodePoints(left, right);
    if (left === right) return 0;
    return left < right ? -1 : 1;
  }

  #key(start: number): string {
    let end = start + 1;
    for (; this.#out[end] !== QUOTE; end++) if (this.#out[end] === BACKSLASH) end++;
    return JSON.parse(this.#out.toString('utf8', start, end + 1)) as string;
  }

  #string(): void {
    const text = this.text;
    const start = this.at;
    let at = start + 1;
    let isPlain = true;
    for (;;) {
      const byte = text[at];
      if (byte === QUOTE) break;
      // Undefined, past the end, fails the comparison too.
      if (!(byte! >= 0x20)) throw UNCLEAR;
      if (byte === BACKSLASH) {
        isPlain = false;
        at += 2;
        continue;
      }
      if (byte === SEPARATOR[0] && this.#isGo && this.#isSeparator(at)) isPlain = false;
      at++;
    }
    this.at = at + 1;
    if (isPlain) this.#copy(start, at + 1);
    else this.#writeText(this.view.toString('utf8', start, at + 1));
  }

  #isSeparator(at: number): boolean {
    const last = this.text[at + 2];
    return this.text[at + 1] === SEPARATOR[1] && (last === SEPARATOR_LAST || last === SEPARATOR_LAST + 1);
  }

  /** A string that holds what can be written in more than one way. */
  #writeText(quoted: string): void {
    let value: string;
    try {
      value = JSON.parse(quoted) as string;
    } catch {
      throw UNCLEAR;
    }
    if (!value.isWellFormed()) throw UNCLEAR;
    const written = JSON.stringify(value);
    this.#write(
      this.#isGo ? written.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029') : written,
    );
  }

  #number(): void {
    const start = this.at;
    if (this.number() || this.#isGo) this.#copy(start, this.at);
    else this.#writeNumber(this.view.toString('latin1', start, this.at));
  }

  #writeNumber(source: string): void {
    const value = Number(source);
    if (!isExactNumber(source, value)) throw UNCLEAR;
    this.#write(JSON.stringify(value));
  }

  #word(): void {
    const start = this.at;
    this.word();
    this.#copy(start, this.at);
  }

  /** The bracket that closes, which is next. */
  #leave(): void {
    this.#put(this.text[this.at++]!);
    this.leave();
  }

  #put(byte: number): void {
    if (this.#length === this.#out.length) this.#grow(1);
    this.#out[this.#length++] = byte;
  }

  #copy(start: number, end: number): void {
    const size = end - start;
    if (this.#length + size > this.#out.length) this.#grow(size);
    const out = this.#out;
    let to = this.#length;
    // Most texts are short, and cost less byte by byte.
    if (size > 48) this.view.copy(out, to, start, end);
    else for (let from = start; from < end; from++) out[to++] = this.text[from]!;
    this.#length += size;
  }

  #write(piece: string): void {
    const size = Buffer.byteLength(piece);
    if (this.#length + size > this.#out.length) this.#grow(size);
    this.#length += this.#out.write(piece, this.#length);
  }

  /** Forms can be longer than what they are made of: each escape of a line separator takes three bytes more. */
  #grow(by: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.ceil((this.#length + by) * 1.25) + 64);
    this.#out.copy(larger, 0, 0, this.#length);
    this.#out = larger;
  }
}
