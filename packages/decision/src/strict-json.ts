import type { Json, JsonObject } from './contract.ts';
import { isExactNumber } from './exact-number.ts';

/** Why a JSON text or value was refused. */
export const STRICT_JSON_CODES = [
  'json_syntax',
  'json_trailing',
  'json_bom',
  'json_not_utf8',
  'json_duplicate_key',
  'json_forbidden_key',
  'json_lone_surrogate',
  'json_depth',
  'json_size',
  'json_not_json',
  'number_not_exact',
] as const;
export type StrictJsonCode = (typeof STRICT_JSON_CODES)[number];

/** Bounds on what is read. A limit that is not given has the default. */
export interface StrictJsonLimits {
  /** Nesting of arrays and objects; 64 by default, never above 1,000. */
  readonly depthMax?: number;
  /** UTF-8 bytes of the text; 1 MiB by default. */
  readonly sizeBytesMax?: number;
}

/** How a text is read. */
export interface StrictJsonOptions extends StrictJsonLimits {
  /** Freezes all that is read, so that `checkStrictValue` needs no copy of it. */
  readonly frozen?: boolean;
}

/** A refusal with its place: `offset` in UTF-16 code units from 0, `line` and `column` from 1. */
export interface StrictJsonProblem {
  readonly ok: false;
  readonly code: StrictJsonCode;
  readonly offset: number;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}
export type StrictJsonResult = { readonly ok: true; readonly value: Json } | StrictJsonProblem;

export const STRICT_JSON_DEPTH_MAX = 64;
export const STRICT_JSON_SIZE_BYTES_MAX = 1024 * 1024;
/** The reader recurses; a caller's limit above this could exhaust the stack. */
export const STRICT_JSON_DEPTH_CEILING = 1000;

/**
 * Reads a JSON text (RFC 8259) so that every reader after this one sees the same value: refuses duplicate keys,
 * `__proto__`, lone surrogates, a byte order mark, anything after the value, excess depth and size, and numbers that
 * a double cannot hold exactly (`number_not_exact`: the value of the text differs from the shortest decimal of its
 * double, so 0.1 passes and 9007199254740993 does not). `-0` is read as 0. Never throws.
 */
export function readStrict(text: string, options: StrictJsonOptions = {}): StrictJsonResult {
  const sizeBytesMax = options.sizeBytesMax ?? STRICT_JSON_SIZE_BYTES_MAX;
  if (exceedsBytes(text, sizeBytesMax)) {
    return {
      ok: false,
      code: 'json_size',
      offset: 0,
      line: 1,
      column: 1,
      message: `text is larger than ${sizeBytesMax} bytes`,
    };
  }
  const depthMax = Math.min(options.depthMax ?? STRICT_JSON_DEPTH_MAX, STRICT_JSON_DEPTH_CEILING);
  const frozen = options.frozen === true;
  const reader = new Reader(text, depthMax, frozen);
  try {
    const value = reader.document();
    // What is longer or deeper has to be measured by its reader.
    const isWithin = text.length <= STRICT_JSON_SIZE_BYTES_MAX && depthMax <= STRICT_JSON_DEPTH_MAX;
    if (frozen && isWithin && typeof value === 'object' && value !== null) readFrozen.add(value);
    return { ok: true, value };
  } catch (fault) {
    if (fault instanceof Refusal) return locate(text, fault);
    throw fault;
  }
}

/** What was read frozen within the default limits. */
const readFrozen = new WeakSet<object>();

/**
 * Whether a value is as this reader made it: plain JSON within the default limits, deeply frozen. Nobody can have changed it
 * since, and nothing in it can show two values.
 */
export function isReadFrozen(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && readFrozen.has(value);
}

/** Holds no state between texts, which are given whole. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** `readStrict` of UTF-8 bytes; bytes that are not UTF-8 are refused, never replaced. */
export function readStrictBytes(bytes: Uint8Array, options: StrictJsonOptions = {}): StrictJsonResult {
  const sizeBytesMax = options.sizeBytesMax ?? STRICT_JSON_SIZE_BYTES_MAX;
  if (bytes.length > sizeBytesMax) {
    return {
      ok: false,
      code: 'json_size',
      offset: 0,
      line: 1,
      column: 1,
      message: `text is larger than ${sizeBytesMax} bytes`,
    };
  }
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return { ok: false, code: 'json_not_utf8', offset: 0, line: 1, column: 1, message: 'text is not UTF-8' };
  }
  return readStrict(text, options);
}

/** Thrown inside the reader only; `readStrict` turns it into a value. */
class Refusal {
  readonly code: StrictJsonCode;
  readonly offset: number;
  readonly message: string;
  constructor(code: StrictJsonCode, offset: number, message: string) {
    this.code = code;
    this.offset = offset;
    this.message = message;
  }
}

function locate(text: string, refusal: Refusal): StrictJsonProblem {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < refusal.offset; at = text.indexOf('\n', at + 1)) {
    line++;
    start = at + 1;
  }
  const { code, offset, message } = refusal;
  return { ok: false, code, offset, line, column: offset - start + 1, message };
}

function exceedsBytes(text: string, sizeBytesMax: number): boolean {
  if (text.length > sizeBytesMax) return true;
  if (text.length * 3 <= sizeBytesMax) return false;
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // Each half of a surrogate pair counts for two of the pair's four bytes.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
    if (bytes > sizeBytesMax) return true;
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** One pass over the text. Each method expects `at` on the first unit of what it reads and leaves it after the last. */
class Reader {
  readonly #text: string;
  readonly #depthMax: number;
  readonly #frozen: boolean;
  #at = 0;
  #depth = 0;

  constructor(text: string, depthMax: number, frozen: boolean) {
    this.#text = text;
    this.#depthMax = depthMax;
    this.#frozen = frozen;
  }

  document(): Json {
    if (this.#text.charCodeAt(0) === 0xfeff)
      throw new Refusal('json_bom', 0, 'text starts with a byte order mark');
    this.#space();
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) throw this.#refuse('json_trailing', 'text goes on after its value');
    return value;
  }

  #value(): Json {
    const unit = this.#text.charCodeAt(this.#at);
    switch (unit) {
      case QUOTE:
        return this.#string();
      case OPEN_BRACE:
        return this.#object();
      case OPEN_BRACKET:
        return this.#array();
      case 0x74:
        return this.#word('true', true);
      case 0x66:
        return this.#word('false', false);
      case 0x6e:
        return this.#word('null', null);
      default:
        if (unit === MINUS || (unit >= ZERO && unit <= NINE)) return this.#number();
        throw this.#refuse(
          'json_syntax',
          Number.isNaN(unit) ? 'text ends where a value should be' : 'expected a value',
        );
    }
  }

  #object(): JsonObject {
    this.#enter();
    const object: Record<string, Json> = {};
    this.#at++;
    this.#space();
    if (this.#take(CLOSE_BRACE)) return this.#leave(object);
    for (;;) {
      const start = this.#at;
      if (this.#text.charCodeAt(start) !== QUOTE)
        throw this.#refuse('json_syntax', 'expected a key in quotes');
      const key = this.#string();
      if (key === '__proto__')
        throw new Refusal('json_forbidden_key', start, 'key `__proto__` is not allowed');
      if (Object.hasOwn(object, key))
        throw new Refusal('json_duplicate_key', start, `key ${quoted(key)} occurs twice`);
      this.#space();
      if (!this.#take(COLON)) throw this.#refuse('json_syntax', 'expected `:` after a key');
      this.#space();
      object[key] = this.#value();
      this.#space();
      if (this.#take(CLOSE_BRACE)) return this.#leave(object);
      if (!this.#take(COMMA)) throw this.#refuse('json_syntax', 'expected `,` or `}`');
      this.#space();
    }
  }

  #array(): readonly Json[] {
    this.#enter();
    const array: Json[] = [];
    this.#at++;
    this.#space();
    if (this.#take(CLOSE_BRACKET)) return this.#leave(array);
    for (;;) {
      array.push(this.#value());
      this.#space();
      if (this.#take(CLOSE_BRACKET)) return this.#leave(array);
      if (!this.#take(COMMA)) throw this.#refuse('json_syntax', 'expected `,` or `]`');
      this.#space();
    }
  }

  #string(): string {
    const text = this.#text;
    const open = this.#at;
    let from = open + 1;
    let at = from;
    let read = '';
    let surrogates = false;
    for (;;) {
      const unit = text.charCodeAt(at);
      if (unit === QUOTE) break;
      if (unit === BACKSLASH) {
        const escaped = this.#escape(at);
        read += text.slice(from, at) + escaped;
        surrogates ||= escaped >= '\ud800' && escaped <= '\udfff';
        at += text.charCodeAt(at + 1) === 0x75 ? 6 : 2;
        from = at;
        continue;
      }
      if (!(unit >= 0x20)) {
        // NaN, past the end, fails the comparison too.
        throw new Refusal(
          'json_syntax',
          at,
          Number.isNaN(unit) ? 'string is not closed' : 'control character in a string',
        );
      }
      if (unit >= 0xd800 && unit <= 0xdfff) surrogates = true;
      at++;
    }
    read = from === open + 1 ? text.slice(from, at) : read + text.slice(from, at);
    if (surrogates && !read.isWellFormed()) {
      throw new Refusal('json_lone_surrogate', open, 'string holds half of a surrogate pair');
    }
    this.#at = at + 1;
    return read;
  }

  #escape(at: number): string {
    const letter = this.#text.charAt(at + 1);
    if (letter === 'u') {
      const digits = this.#text.slice(at + 2, at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits))
        throw new Refusal('json_syntax', at, '`\\u` needs four hexadecimal digits');
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const read = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
    if (read === undefined) throw new Refusal('json_syntax', at, 'unknown escape in a string');
    return read;
  }

  #number(): number {
    const text = this.#text;
    const start = this.#at;
    let at = start;
    if (text.charCodeAt(at) === MINUS) at++;
    if (text.charCodeAt(at) === ZERO) at++;
    else at = this.#digits(at);
    let plain = true;
    if (text.charCodeAt(at) === 0x2e) {
      plain = false;
      at = this.#digits(at + 1);
    }
    const mark = text.charCodeAt(at);
    if (mark === 0x65 || mark === 0x45) {
      plain = false;
      const sign = text.charCodeAt(at + 1);
      at = this.#digits(sign === 0x2b || sign === MINUS ? at + 2 : at + 1);
    }
    this.#at = at;
    const source = text.slice(start, at);
    const value = Number(source);
    // Up to 15 digits an integer is always exact.
    if (!(plain && at - start <= 15) && !isExactNumber(source, value)) {
      throw new Refusal('number_not_exact', start, `number \`${shortened(source)}\` cannot be held exactly`);
    }
    return value === 0 ? 0 : value;
  }

  #digits(from: number): number {
    let at = from;
    for (let unit = this.#text.charCodeAt(at); unit >= ZERO && unit <= NINE; unit = this.#text.charCodeAt(at))
      at++;
    if (at === from) throw new Refusal('json_syntax', at, 'expected a digit');
    return at;
  }

  #word<T extends Json>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#refuse('json_syntax', 'expected a value');
    this.#at += word.length;
    return value;
  }

  #space(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at++;
    }
  }

  #take(unit: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== unit) return false;
    this.#at++;
    return true;
  }

  #enter(): void {
    if (++this.#depth > this.#depthMax)
      throw this.#refuse('json_depth', `nested deeper than ${this.#depthMax}`);
  }

  #leave<T>(value: T): T {
    this.#depth--;
    return this.#frozen ? Object.freeze(value) : value;
  }

  #refuse(code: StrictJsonCode, message: string): Refusal {
    return new Refusal(code, this.#at, message);
  }
}

function quoted(key: string): string {
  return `\`${shortened(key)}\``;
}

function shortened(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
