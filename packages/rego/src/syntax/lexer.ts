import type { Comment, Location } from './ast.ts';
import { PUNCTUATION, type Token, type TokenKind } from './token.ts';

/** Everything the parser reads: the tokens (the last one is `eof`) and the comments. */
export interface Lexed {
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
}

const NO_FAULTS: readonly string[] = Object.freeze([]);
const PUNCTUATION_SET = new Set<string>(PUNCTUATION);
/** What begins a punctuation of two characters; every other one stands by itself. */
const PAIR_STARTS = new Set(PUNCTUATION.filter(({ length }) => length === 2).map((pair) => pair[0]));
const SIMPLE_ESCAPES = new Set(['\\', '"', '/', 'b', 'f', 'n', 'r', 't']);
const IDENTIFIER = /[A-Za-z_](?:[A-Za-z0-9_]|(?![0-9])\p{Nd})*/uy;
const NUMBER = /[0-9]*(\.[0-9]*)?([eE][+-]?[0-9]*)?/y;
const WORD_TAIL = /[A-Za-z_](?:[A-Za-z0-9_]|\p{Nd})*/uy;

/** Words that are kept at hand; a power of two. */
const WORDS = 256;

const TAB = 0x09;
const LINE_END = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const HASH = 0x23;
const DOT = 0x2e;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;

function isDigitUnit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

/** Begins a word: `A` to `Z`, `a` to `z`, `_`. */
function isWordUnit(unit: number): boolean {
  return (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a) || unit === 0x5f;
}

/** A template string that is open: its expression runs until a brace closes at depth 0. */
interface OpenTemplate {
  readonly raw: boolean;
  depth: number;
}

/**
 * Splits Rego source into tokens (OPA `ast/internal/scanner`). Never fails: what cannot be read is a token with faults,
 * so that the parser reports it in its place.
 */
export class Lexer implements Lexed {
  readonly #text: string;
  readonly #file: string;
  /** Those read so far; who reads on may take out of it what is needed no more. */
  readonly tokens: Token[] = [];
  readonly comments: Comment[] = [];
  readonly #templates: OpenTemplate[] = [];
  #faults: string[] = [];
  #offset = 0;
  #row = 1;
  /** Offset that column 1 of the present row has, moved for characters of two UTF-16 units. */
  #rowStart = 0;
  #space = false;
  #newline = false;
  #ended = false;
  /** The last word, until its token takes it; words that were met last, by what is computed of them. */
  #word: string | undefined;
  readonly #words: (string | undefined)[] = new Array(WORDS);

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    if (text.charCodeAt(0) === 0xfeff) this.#offset = 1;
  }

  /** Reads on by one token (a template's part comes with the brace before it); false once all are read. */
  more(): boolean {
    if (this.#ended) return false;
    this.#skipSpace();
    if (this.#offset < this.#text.length) this.#next();
    else {
      // As in OPA, the end's column is that of the last character: 0 behind a line end.
      this.#push('eof', this.#offset, this.#row, this.#column(this.#offset) - 1);
      this.#ended = true;
    }
    return true;
  }

  /** Reads on from an offset, so many lines below a token; no comment, string or wide character stands between. */
  skip(from: Token, offset: number, lineEnds: number): void {
    this.#offset = offset;
    this.#row = from.row + lineEnds;
    this.#rowStart =
      lineEnds > 0 ? this.#text.lastIndexOf('\n', offset - 1) + 1 : from.start - from.column + 1;
    this.#space = false;
    this.#newline = false;
    this.#ended = false;
    this.#faults = [];
  }

  #column(offset: number): number {
    return offset - this.#rowStart + 1;
  }

  #skipSpace(): void {
    for (; this.#offset < this.#text.length; this.#offset++) {
      const unit = this.#text.charCodeAt(this.#offset);
      if (unit === LINE_END) {
        this.#newRow();
        this.#newline = true;
      } else if (unit === HASH) {
        this.#comment();
        // The comment ends before its line end, which the loop steps over next.
        this.#offset--;
      } else if (unit !== SPACE && unit !== TAB && unit !== CARRIAGE_RETURN) {
        return;
      }
      this.#space = true;
    }
  }

  #newRow(): void {
    this.#row++;
    this.#rowStart = this.#offset + 1;
  }

  #comment(): void {
    const start = this.#offset;
    const column = this.#column(start);
    const lineEnd = this.#text.indexOf('\n', start);
    const end = lineEnd < 0 ? this.#text.length : lineEnd;
    this.#shiftColumns(start, end);
    this.#offset = end;
    const text = this.#text.slice(start + 1, end).replace(/\r+$/, '');
    const location: Location = Object.freeze({
      file: this.#file,
      row: this.#row,
      column,
      start,
      end: start + 1 + text.length,
    });
    this.comments.push(Object.freeze({ text, location }));
  }

  /** Columns count characters: a pair of surrogates is one column, so the row's start moves right by one for each. */
  #shiftColumns(start: number, end: number): void {
    for (let index = start; index < end; index++) {
      const unit = this.#text.charCodeAt(index);
      if (unit >= 0xd800 && unit <= 0xdbff) this.#rowStart++;
      else if (unit === 0) this.#faults.push('illegal null character');
      else if (unit === 0xfeff && index > 0) this.#faults.push('illegal byte-order mark');
    }
  }

  #push(kind: Token['kind'], start: number, row: number, column: number): void {
    const faults = this.#faults.length > 0 ? this.#faults : NO_FAULTS;
    if (faults !== NO_FAULTS) this.#faults = [];
    this.tokens.push({
      kind: faults.length > 0 ? 'illegal' : kind,
      text: this.#word ?? this.#text.slice(start, this.#offset),
      row,
      column,
      start,
      end: this.#offset,
      spaceBefore: this.#space,
      newlineBefore: this.#newline,
      faults,
    });
    this.#word = undefined;
    this.#space = false;
    this.#newline = false;
  }

  #next(): void {
    const start = this.#offset;
    const row = this.#row;
    const column = this.#column(start);
    const kind = this.#scan(this.#text[start] ?? '');
    this.#push(kind, start, row, column);
    if (kind === '{' || kind === '}') this.#brace(kind);
    else if (kind === 'template-string-part') this.#templates.push({ raw: false, depth: 0 });
    else if (kind === 'raw-template-string-part') this.#templates.push({ raw: true, depth: 0 });
  }

  /** Keeps count of braces inside a template's expression; the one that closes it continues the string. */
  #brace(kind: '{' | '}'): void {
    const open = this.#templates.at(-1);
    if (!open) return;
    if (kind === '{') {
      open.depth++;
    } else if (open.depth > 0) {
      open.depth--;
    } else {
      this.#templates.pop();
      // The part's text starts with the brace, as the first part's starts with the quote.
      this.#offset--;
      const start = this.#offset;
      const [row, column] = [this.#row, this.#column(start)];
      const part = open.raw ? this.#rawTemplate() : this.#template();
      this.#push(part, start, row, column);
      if (part === 'template-string-part' || part === 'raw-template-string-part') {
        this.#templates.push({ raw: open.raw, depth: 0 });
      }
    }
  }

  #scan(character: string): Token['kind'] {
    if (isWordUnit(character.charCodeAt(0))) return this.#identifier();
    if (character >= '0' && character <= '9') return this.#number();
    if (character === '"') return this.#string();
    if (character === '`') return this.#rawString();
    if (character === '$') return this.#dollar();
    if (PAIR_STARTS.has(character)) {
      const two = this.#text.slice(this.#offset, this.#offset + 2);
      if (two.length === 2 && PUNCTUATION_SET.has(two)) {
        this.#offset += 2;
        return two as Token['kind'];
      }
    }
    if (PUNCTUATION_SET.has(character)) {
      this.#offset++;
      return character as Token['kind'];
    }
    return this.#illegal(character);
  }

  #illegal(character: string): 'illegal' {
    const point = this.#text.codePointAt(this.#offset) ?? 0;
    const length = point > 0xffff ? 2 : 1;
    this.#shiftColumns(this.#offset, this.#offset + length);
    this.#offset += length;
    if (character === '!') this.#faults.push('illegal ! character');
    else if (character === '\u00a0')
      this.#faults.push('illegal non-breaking space character, use a regular space instead');
    return 'illegal';
  }

  #identifier(): Token['kind'] {
    const text = this.#text;
    let end = this.#offset;
    let hash = 0;
    for (; end < text.length; end++) {
      const unit = text.charCodeAt(end);
      // Digits of other scripts are rare: the pattern knows them.
      if (unit >= 0x80) return this.#anyIdentifier();
      if (!isWordUnit(unit) && !isDigitUnit(unit)) break;
      hash = (Math.imul(hash, 31) + unit) | 0;
    }
    this.#word = this.#wordAt(this.#offset, end, hash & (WORDS - 1));
    this.#offset = end;
    return 'identifier';
  }

  /** A word of the text: one string wherever it stands, since trees are large and words come again and again. */
  #wordAt(start: number, end: number, place: number): string {
    const known = this.#words[place];
    if (known !== undefined && known.length === end - start && this.#text.startsWith(known, start))
      return known;
    const word = this.#text.slice(start, end);
    this.#words[place] = word;
    return word;
  }

  #anyIdentifier(): Token['kind'] {
    IDENTIFIER.lastIndex = this.#offset;
    const found = IDENTIFIER.exec(this.#text)?.[0] ?? '';
    this.#shiftColumns(this.#offset, this.#offset + found.length);
    this.#offset += found.length;
    return 'identifier';
  }

  #number(): Token['kind'] {
    if (this.#digits()) return 'number';
    NUMBER.lastIndex = this.#offset;
    const found = NUMBER.exec(this.#text);
    if (found?.[1] === '.') this.#faults.push('expected fraction');
    if (found?.[2] && !/[0-9]$/.test(found[2])) this.#faults.push('expected exponent');
    this.#offset += found?.[0].length ?? 0;
    WORD_TAIL.lastIndex = this.#offset;
    const tail = WORD_TAIL.exec(this.#text)?.[0];
    if (tail) {
      this.#faults.push('illegal number format');
      this.#shiftColumns(this.#offset, this.#offset + tail.length);
      this.#offset += tail.length;
    }
    return 'number';
  }

  /** Reads a number of plain digits, which most are; leaves any other where it stands. */
  #digits(): boolean {
    const text = this.#text;
    let end = this.#offset + 1;
    while (isDigitUnit(text.charCodeAt(end))) end++;
    const next = text.charCodeAt(end);
    if (next === DOT || isWordUnit(next)) return false;
    this.#offset = end;
    return true;
  }

  #dollar(): Token['kind'] {
    const following = this.#text[this.#offset + 1];
    this.#offset++;
    if (following === '"') return this.#template();
    if (following === '`') return this.#rawTemplate();
    this.#faults.push('illegal $ character');
    return 'illegal';
  }

  #string(): Token['kind'] {
    this.#quoted(false);
    return 'string';
  }

  #template(): Token['kind'] {
    return this.#quoted(true) === '{' ? 'template-string-part' : 'template-string-end';
  }

  /** Reads from a delimiter to the closing quote, or to `{` in a template; gives the character that ended it. */
  #quoted(template: boolean): string {
    const start = this.#offset;
    this.#offset++;
    for (;;) {
      const unit = this.#text.charCodeAt(this.#offset);
      if (Number.isNaN(unit) || unit === LINE_END) {
        this.#faults.push('non-terminated string');
        this.#shiftColumns(start, this.#offset);
        return '';
      }
      this.#offset++;
      if (unit === QUOTE || (template && unit === BRACE)) {
        this.#shiftColumns(start, this.#offset);
        return unit === QUOTE ? '"' : '{';
      }
      if (unit === BACKSLASH) this.#escape(template);
    }
  }

  #escape(template: boolean): void {
    const character = this.#text[this.#offset] ?? '';
    if (SIMPLE_ESCAPES.has(character) || (template && character === '{')) this.#offset++;
    else if (character === 'u') this.#offset = Math.min(this.#offset + 4, this.#text.length);
    else this.#faults.push('illegal escape sequence');
  }

  #rawString(): Token['kind'] {
    this.#raw(false);
    return 'string';
  }

  #rawTemplate(): Token['kind'] {
    return this.#raw(true) === '{' ? 'raw-template-string-part' : 'raw-template-string-end';
  }

  #raw(template: boolean): string {
    this.#offset++;
    for (;;) {
      const character = this.#text[this.#offset];
      if (character === undefined) {
        this.#faults.push('non-terminated string');
        return '';
      }
      if (character === '\n') this.#newRow();
      else this.#shiftColumns(this.#offset, this.#offset + 1);
      this.#offset++;
      if (character === '`' || (template && character === '{')) return character;
      if (template && character === '\\' && this.#text[this.#offset] === '{') this.#offset++;
    }
  }
}

/** Reads source text into tokens and comments; `file` names it in locations. */
export function tokenize(text: string, file: string): Lexed {
  const lexer = new Lexer(text, file);
  while (lexer.more());
  return lexer;
}

/** A token that opens or goes on with a template string. */
export function isTemplateKind(kind: TokenKind): boolean {
  return kind.endsWith('template-string-part') || kind.endsWith('template-string-end');
}
