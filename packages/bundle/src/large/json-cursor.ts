import { EXACT_DIGITS, MINUS, NINE, WORDS, ZERO } from './json-bytes.ts';

/** What ends a pass over a text that is not JSON, or not in the way that is asked for. */
export class Unclear {}
export const UNCLEAR = new Unclear();

/** A place in a JSON text in UTF-8. Each method expects `at` on the first byte of what it reads, and leaves it after the last. */
export abstract class JsonCursor {
  protected readonly text: Uint8Array;
  protected readonly view: Buffer;
  protected at = 0;
  readonly #depthMax: number;
  #depth = 0;

  constructor(text: Uint8Array, depthMax: number) {
    this.text = text;
    this.view = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
    this.#depthMax = depthMax;
  }

  /** Skips white space; whether there was some. */
  protected space(): boolean {
    const start = this.at;
    let byte = this.text[start];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = this.text[++this.at];
    return this.at > start;
  }

  /** Whether the number is an integer whose text is the only one that JCS has for it, and that any double holds. */
  protected number(): boolean {
    const { text } = this;
    const start = this.at;
    let at = start;
    const isNegative = text[at] === MINUS;
    if (isNegative) at++;
    const isZero = text[at] === ZERO;
    at = isZero ? at + 1 : this.#digits(at);
    let isPlain = !(isNegative && isZero);
    if (text[at] === 0x2e) {
      isPlain = false;
      at = this.#digits(at + 1);
    }
    if (text[at] === 0x65 || text[at] === 0x45) {
      isPlain = false;
      const sign = text[at + 1];
      at = this.#digits(sign === 0x2b || sign === MINUS ? at + 2 : at + 1);
    }
    this.at = at;
    return isPlain && at - start <= EXACT_DIGITS;
  }

  #digits(from: number): number {
    let at = from;
    while (this.text[at]! >= ZERO && this.text[at]! <= NINE) at++;
    if (at === from) throw UNCLEAR;
    return at;
  }

  /** `true`, `false` or `null`. */
  protected word(): void {
    const first = this.text[this.at];
    const word = first === undefined ? undefined : WORDS[first];
    if (word === undefined) throw UNCLEAR;
    for (const byte of word) if (this.text[this.at++] !== byte) throw UNCLEAR;
  }

  protected enter(): void {
    if (++this.#depth > this.#depthMax) throw UNCLEAR;
  }

  protected leave(): void {
    this.#depth--;
  }
}
