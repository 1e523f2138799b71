import { isUtf8 } from 'node:buffer';
import { isExactNumber } from '@writ/decision';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LETTER_U,
  MINUS,
  NINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  ORDER_UNCLEAR,
  QUOTE,
  SOLIDUS,
  ZERO,
} from './json-bytes.ts';
import { JsonCursor, UNCLEAR, Unclear } from './json-cursor.ts';
import {
  ARRAY_MEMBER,
  type JsonIndex,
  KIND_ARRAY,
  KIND_OBJECT,
  LEAF_BYTES,
  NODE,
  OBJECT_MEMBER,
} from './json-index.ts';
import { HASH_START, hashKey, hashUnit } from './key-hash.ts';
import { NumberList } from './number-list.ts';

/** A text that was read strictly without making values of it. */
export interface ScannedJson {
  /** Absent where the whole document is no larger than a leaf, or no container. */
  readonly index?: JsonIndex;
  /** The text is the one of its value that RFC 8785 (JCS) gives. */
  readonly isCanonical: boolean;
}

/**
 * Reads a JSON text as `readStrictBytes` does, and finds where the members of its large containers stand. Undefined
 * where anything is wrong with it, or cannot be told here: then `readStrictBytes` says what.
 * @param canonicalOnly ends at the first sign that the text is not the canonical one
 * @param leafBytes containers of at most so many bytes are not in the index
 */
export function scanJson(
  text: Uint8Array,
  depthMax: number,
  leafBytes = LEAF_BYTES,
  canonicalOnly = false,
): ScannedJson | undefined {
  if (!isUtf8(text)) return undefined;
  const scanner = new Scanner(text, depthMax, leafBytes, canonicalOnly);
  try {
    return scanner.document();
  } catch (fault) {
    if (fault instanceof Unclear) return undefined;
    throw fault;
  }
}

/** With more keys out of order than this a set tells whether one occurs twice. */
const FEW_KEYS = 16;

/** Letters after a backslash that stand for what JCS writes so too. */
const CANONICAL_ESCAPES: ReadonlySet<number> = new Set([...Buffer.from('"\\bfnrt')]);

/** Words on the stack for each member of containers that are open: key's start, end, hash; value's start, end, node. */
const PENDING = 6;

/** One pass. Each method expects `at` on the first byte of what it reads and leaves it after the last. */
class Scanner extends JsonCursor {
  readonly #leafBytes: number;
  readonly #canonicalOnly: boolean;
  readonly #pending = new NumberList();
  readonly #nodes = new NumberList();
  #isCanonical = true;
  /** Of the string that was read last: it holds an escape; it holds a byte beyond ASCII. */
  #hasEscape = false;
  #isAscii = true;

  constructor(text: Uint8Array, depthMax: number, leafBytes: number, canonicalOnly: boolean) {
    super(text, depthMax);
    this.#leafBytes = leafBytes;
    this.#canonicalOnly = canonicalOnly;
  }

  document(): ScannedJson {
    this.#space();
    const root = this.#value();
    this.#space();
    if (this.at < this.text.length) throw UNCLEAR;
    const isCanonical = this.#isCanonical;
    if (root === 0) return { isCanonical };
    return { index: { text: this.text, nodes: this.#nodes.take(), root: root - 1 }, isCanonical };
  }

  /** The position of the value's node, counted from 1; 0 where it has none. */
  #value(): number {
    const byte = this.text[this.at];
    if (byte === QUOTE) {
      this.#string();
      return 0;
    }
    if (byte === OPEN_BRACE) return this.#object();
    if (byte === OPEN_BRACKET) return this.#array();
    if (byte === MINUS || (byte !== undefined && byte >= ZERO && byte <= NINE)) this.#number();
    else this.word();
    return 0;
  }

  #object(): number {
    this.#enter();
    const text = this.text;
    const open = this.at++;
    const base = this.#pending.length;
    let isSorted = true;
    let before = -1;
    this.#space();
    if (text[this.at] === CLOSE_BRACE) return this.#leaf();
    for (;;) {
      if (text[this.at] !== QUOTE) throw UNCLEAR;
      const keyStart = this.at + 1;
      this.#string();
      const keyEnd = this.at - 1;
      const hash = this.#keyHash(keyStart, keyEnd);
      isSorted &&= before < 0 || this.#follows(before, keyStart, keyEnd);
      this.#space();
      if (text[this.at] !== COLON) throw UNCLEAR;
      this.at++;
      this.#space();
      const start = this.at;
      const node = this.#value();
      before = this.#pending.length;
      const words = this.#pending.reserve(PENDING);
      words[before] = keyStart;
      words[before + 1] = keyEnd;
      words[before + 2] = hash;
      words[before + 3] = start;
      words[before + 4] = this.at;
      words[before + 5] = node;
      this.#pending.wrote(PENDING);
      this.#space();
      const byte = text[this.at++];
      if (byte === CLOSE_BRACE) break;
      if (byte !== COMMA) throw UNCLEAR;
      this.#space();
    }
    if (!isSorted) {
      this.#isCanonical = false;
      this.#refuseRepeated(base);
    }
    this.leave();
    const node = this.at - open > this.#leafBytes ? this.#objectNode(open, base) : 0;
    this.#pending.cut(base);
    return node;
  }

  #array(): number {
    this.#enter();
    const text = this.text;
    const open = this.at++;
    const base = this.#pending.length;
    this.#space();
    if (text[this.at] === CLOSE_BRACKET) return this.#leaf();
    for (;;) {
      const start = this.at;
      const node = this.#value();
      const top = this.#pending.length;
      const words = this.#pending.reserve(PENDING);
      words[top + 3] = start;
      words[top + 4] = this.at;
      words[top + 5] = node;
      this.#pending.wrote(PENDING);
      this.#space();
      const byte = text[this.at++];
      if (byte === CLOSE_BRACKET) break;
      if (byte !== COMMA) throw UNCLEAR;
      this.#space();
    }
    this.leave();
    const node = this.at - open > this.#leafBytes ? this.#arrayNode(open, base) : 0;
    this.#pending.cut(base);
    return node;
  }

  #leaf(): number {
    this.at++;
    this.leave();
    return 0;
  }

  #objectNode(open: number, base: number): number {
    const count = (this.#pending.length - base) / PENDING;
    const size = 2 ** Math.ceil(Math.log2(count * 2));
    const position = this.#nodes.length;
    const members = position + NODE.members;
    const table = members + count * OBJECT_MEMBER.words;
    const words = this.#nodes.reserve(table + size - position);
    // What was cut off before can stand there.
    words.fill(0, table, table + size);
    this.#writeHead(words, position, KIND_OBJECT, count, open, size - 1);
    for (let index = 0; index < count; index++) {
      const from = base + index * PENDING;
      const to = members + index * OBJECT_MEMBER.words;
      words[to + OBJECT_MEMBER.keyStart] = this.#pending.at(from);
      words[to + OBJECT_MEMBER.keyEnd] = this.#pending.at(from + 1);
      this.#writeValue(words, to + OBJECT_MEMBER.start, from);
      let slot = this.#pending.at(from + 2) & (size - 1);
      while (words[table + slot] !== 0) slot = (slot + 1) & (size - 1);
      words[table + slot] = index + 1;
    }
    this.#nodes.wrote(table + size - position);
    return position + 1;
  }

  #arrayNode(open: number, base: number): number {
    const count = (this.#pending.length - base) / PENDING;
    const position = this.#nodes.length;
    const members = position + NODE.members;
    const words = this.#nodes.reserve(NODE.members + count * ARRAY_MEMBER.words);
    this.#writeHead(words, position, KIND_ARRAY, count, open, 0);
    for (let index = 0; index < count; index++)
      this.#writeValue(words, members + index * ARRAY_MEMBER.words, base + index * PENDING);
    this.#nodes.wrote(NODE.members + count * ARRAY_MEMBER.words);
    return position + 1;
  }

  #writeHead(
    words: Uint32Array,
    position: number,
    kind: number,
    count: number,
    open: number,
    mask: number,
  ): void {
    words[position + NODE.kind] = kind;
    words[position + NODE.count] = count;
    words[position + NODE.start] = open;
    words[position + NODE.end] = this.at;
    words[position + NODE.mask] = mask;
  }

  #writeValue(words: Uint32Array, to: number, from: number): void {
    const node = this.#pending.at(from + 5);
    words[to] = node === 0 ? this.#pending.at(from + 3) : node - 1;
    words[to + 1] = node === 0 ? this.#pending.at(from + 4) : 0;
  }

  #string(): void {
    const text = this.text;
    let at = this.at + 1;
    let hasEscape = false;
    let high = 0;
    for (;;) {
      const byte = text[at];
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        hasEscape = true;
        at = this.#escape(at);
        continue;
      }
      // Undefined, past the end, fails the comparison too.
      if (!(byte! >= 0x20)) throw UNCLEAR;
      high |= byte!;
      at++;
    }
    this.#hasEscape = hasEscape;
    this.#isAscii = high < 0x80;
    this.at = at + 1;
  }

  #escape(at: number): number {
    const letter = this.text[at + 1];
    if (letter !== undefined && CANONICAL_ESCAPES.has(letter)) return at + 2;
    if (letter === SOLIDUS) {
      this.#isCanonical = false;
      return at + 2;
    }
    if (letter !== LETTER_U) throw UNCLEAR;
    const digits = this.view.toString('latin1', at + 2, at + 6);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw UNCLEAR;
    const unit = Number.parseInt(digits, 16);
    if (unit >= 0xd800 && unit <= 0xdfff) throw UNCLEAR;
    // JCS writes only control characters without a letter of their own in this way, with small digits.
    const isWrittenSo = unit < 0x20 && ![8, 9, 10, 12, 13].includes(unit) && digits === digits.toLowerCase();
    if (!isWrittenSo) this.#isCanonical = false;
    return at + 6;
  }

  /** Of the key that was just read. */
  #keyHash(start: number, end: number): number {
    if (!this.#isAscii || this.#hasEscape) {
      const key = this.#keyText(start, end);
      if (key === '__proto__') throw UNCLEAR;
      return hashKey(key);
    }
    let hash = HASH_START;
    for (let at = start; at < end; at++) hash = hashUnit(hash, this.text[at]!);
    if (end - start === 9 && this.view.toString('latin1', start, end) === '__proto__') throw UNCLEAR;
    return hash >>> 0;
  }

  #keyText(start: number, end: number): string {
    const inside = this.view.toString('utf8', start, end);
    return inside.includes('\\') ? (JSON.parse(`"${inside}"`) as string) : inside;
  }

  /** Whether a key comes after the one of the member at `before`, for certain. */
  #follows(before: number, start: number, end: number): boolean {
    if (this.#hasEscape) return false;
    const text = this.text;
    const otherStart = this.#pending.at(before);
    const otherLength = this.#pending.at(before + 1) - otherStart;
    const length = end - start;
    const shared = Math.min(length, otherLength);
    for (let index = 0; index < shared; index++) {
      const [left, right] = [text[otherStart + index]!, text[start + index]!];
      if (left === right) continue;
      return left < right && right < ORDER_UNCLEAR && left !== BACKSLASH;
    }
    return otherLength < length;
  }

  #refuseRepeated(base: number): void {
    const count = (this.#pending.length - base) / PENDING;
    const member = (index: number): number => base + index * PENDING;
    const text = (index: number): string =>
      this.#keyText(this.#pending.at(member(index)), this.#pending.at(member(index) + 1));
    if (count > FEW_KEYS) {
      const seen = new Map<number, number[]>();
      for (let index = 0; index < count; index++) {
        const hash = this.#pending.at(member(index) + 2);
        const others = seen.get(hash);
        if (others === undefined) seen.set(hash, [index]);
        else if (others.some((other) => text(other) === text(index))) throw UNCLEAR;
        else others.push(index);
      }
      return;
    }
    for (let index = 1; index < count; index++) {
      for (let other = 0; other < index; other++) {
        if (
          this.#pending.at(member(index) + 2) === this.#pending.at(member(other) + 2) &&
          text(index) === text(other)
        )
          throw UNCLEAR;
      }
    }
  }

  #number(): void {
    const start = this.at;
    if (this.number()) return;
    const source = this.view.toString('latin1', start, this.at);
    const value = Number(source);
    if (!isExactNumber(source, value)) throw UNCLEAR;
    if (String(value) !== source) this.#isCanonical = false;
  }

  #space(): void {
    if (this.space()) this.#isCanonical = false;
  }

  #enter(): void {
    if (this.#canonicalOnly && !this.#isCanonical) throw UNCLEAR;
    this.enter();
  }
}
