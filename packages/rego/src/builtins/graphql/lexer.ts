import { bytesOfText } from '../bytes.ts';
import { GraphqlFault } from './fault.ts';
import type { Position } from './nodes.ts';

export type TokenKind =
  | '<Invalid>'
  | '<EOF>'
  | '!'
  | '$'
  | '&'
  | '('
  | ')'
  | '...'
  | ':'
  | '='
  | '@'
  | '['
  | ']'
  | '{'
  | '}'
  | '|'
  | 'Name'
  | 'Int'
  | 'Float'
  | 'String'
  | 'BlockString'
  | 'Comment';

export interface Token {
  readonly kind: TokenKind;
  readonly value: string;
  readonly position: Position;
  /** Of an invalid token: what is wrong; told only when the token is taken. */
  readonly fault?: GraphqlFault;
}

const PUNCTUATION = new Set(['!', '$', '&', '(', ')', ':', '=', '@', '[', ']', '{', '}', '|']);
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '/': '/',
  '\\': '\\',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

function hex4(rune: string): string {
  return rune.codePointAt(0)!.toString(16).padStart(4, '0');
}

/** Characters before the first that is no blank; -1 for a line of blanks only. */
function indentation(line: string): number {
  return line.search(/[^ \t]/);
}

/** The value of a block string: common indentation and blank lines at both ends are cut (GraphQL, 2.9.4). */
function blockValue(raw: string): string {
  const lines = raw.split('\n');
  const indents = lines.map(indentation).filter((indent) => indent >= 0);
  const common = indents.length > 0 ? Math.min(...indents) : 0;
  const cut = lines.map((line, index) => (index === 0 ? line : line.slice(common)));
  let [start, end] = [0, cut.length];
  while (start < end && indentation(cut[start]!) < 0) start++;
  while (start < end && indentation(cut[end - 1]!) < 0) end--;
  return cut.slice(start, end).join('\n');
}

/** Cuts a document into tokens. Source: GraphQL (October 2021), 2.1; where it is silent, gqlparser. */
export class Lexer {
  readonly #runes: readonly string[];
  readonly #isBuiltIn: boolean;
  #start = 0;
  #end = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string, isBuiltIn: boolean) {
    this.#runes = [...text];
    this.#isBuiltIn = isBuiltIn;
  }

  read(): Token {
    this.#skipBlanks();
    this.#start = this.#end;
    const rune = this.#runes[this.#end];
    if (rune === undefined) return this.#token('<EOF>', '');
    if (PUNCTUATION.has(rune)) {
      this.#end++;
      return this.#token(rune as TokenKind, '');
    }
    if (this.#at(0, '...')) {
      this.#end += 3;
      return this.#token('...', '');
    }
    if (rune === '#') return this.#comment();
    if (/[_A-Za-z]/.test(rune)) return this.#name();
    if (/[-0-9]/.test(rune)) return this.#number();
    if (rune === '"') return this.#at(0, '"""') ? this.#blockString() : this.#string();
    return this.#unexpected(rune);
  }

  #unexpected(rune: string): Token {
    if (rune < ' ') return this.#invalid(`Cannot contain the invalid character "\\u${hex4(rune)}"`);
    if (rune === "'") {
      return this.#invalid('Unexpected single quote character (\'), did you mean to use a double quote (")?');
    }
    const first = String.fromCharCode(bytesOfText(rune)[0]!);
    return this.#invalid(`Cannot parse the unexpected character "${first}".`);
  }

  #at(offset: number, text: string): boolean {
    return [...text].every((rune, index) => this.#runes[this.#end + offset + index] === rune);
  }

  #position(column: number): Position {
    return { line: this.#line, column: column - this.#lineStart + 1, isBuiltIn: this.#isBuiltIn };
  }

  #token(kind: TokenKind, value: string): Token {
    return { kind, value, position: this.#position(this.#start) };
  }

  #invalid(message: string): Token {
    const position = this.#position(this.#end);
    return { kind: '<Invalid>', value: '', position, fault: new GraphqlFault(message, position) };
  }

  #skipBlanks(): void {
    for (;;) {
      const rune = this.#runes[this.#end];
      if (rune === '\n' || rune === '\r') {
        this.#end++;
        this.#line++;
        this.#lineStart = this.#end;
        if (rune === '\r' && this.#runes[this.#end] === '\n') this.#end++;
      } else if (rune === '\t' || rune === ' ' || rune === ',' || rune === '\ufeff') this.#end++;
      else return;
    }
  }

  #text(): string {
    return this.#runes.slice(this.#start, this.#end).join('');
  }

  #comment(): Token {
    while (this.#end < this.#runes.length && /[\t\u0020-\u{10ffff}]/u.test(this.#runes[this.#end]!))
      this.#end++;
    return this.#token('Comment', this.#text());
  }

  #name(): Token {
    while (/^[_0-9A-Za-z]$/.test(this.#runes[this.#end] ?? '')) this.#end++;
    return this.#token('Name', this.#text());
  }

  #accept(pattern: RegExp): boolean {
    if (!pattern.test(this.#runes[this.#end] ?? '')) return false;
    this.#end++;
    return true;
  }

  #digits(): number {
    const start = this.#end;
    while (this.#accept(/^[0-9]$/));
    return this.#end - start;
  }

  #number(): Token {
    this.#accept(/^-$/);
    if (this.#accept(/^0$/)) {
      const surplus = this.#digits();
      this.#end -= surplus;
      if (surplus > 0) return this.#wrongNumber('unexpected digit after 0');
    } else if (this.#digits() === 0) return this.#wrongNumber('expected digit but got');
    const hasPoint = this.#accept(/^\.$/);
    if (hasPoint && this.#digits() === 0) return this.#wrongNumber('expected digit but got');
    const hasExponent = this.#accept(/^[eE]$/);
    if (hasExponent) this.#accept(/^[-+]$/);
    if (hasExponent && this.#digits() === 0) return this.#wrongNumber('expected digit but got');
    return this.#token(hasPoint || hasExponent ? 'Float' : 'Int', this.#text());
  }

  #wrongNumber(problem: string): Token {
    const next = this.#runes[this.#end];
    return this.#invalid(`Invalid number, ${problem}: ${next === undefined ? '<EOF>' : `"${next}"`}.`);
  }

  #string(): Token {
    this.#start++;
    this.#end++;
    let value = '';
    for (;;) {
      const rune = this.#runes[this.#end];
      if (rune === undefined || rune === '\n' || rune === '\r') return this.#invalid('Unterminated string.');
      if (rune < ' ' && rune !== '\t') {
        return this.#invalid(`Invalid character within String: "\\u${hex4(rune)}".`);
      }
      if (rune === '"') {
        const token = this.#token('String', value);
        this.#end++;
        return token;
      }
      if (rune === '\\') {
        const escaped = this.#escape();
        if (typeof escaped !== 'string') return escaped;
        value += escaped;
      } else {
        value += rune;
        this.#end++;
      }
    }
  }

  #escape(): string | Token {
    const mark = this.#runes[this.#end + 1];
    const size = mark === 'u' ? 6 : 2;
    const digits = this.#runes.slice(this.#end + 2, this.#end + 6).join('');
    const simple = mark === undefined ? undefined : SIMPLE_ESCAPES[mark];
    const isLong = mark === 'u' && this.#end + 6 < this.#runes.length;
    if (isLong && /^[0-9a-fA-F]{4}$/.test(digits)) {
      this.#end += size;
      // Half of a pair stands for no character.
      return String.fromCharCode(Number.parseInt(digits, 16)).toWellFormed();
    }
    if (mark !== 'u' && simple !== undefined) {
      this.#end += size;
      return simple;
    }
    this.#end++;
    if (mark === undefined) return this.#invalid('Invalid character escape sequence.');
    const rest = this.#runes.slice(this.#end, isLong ? this.#end + 5 : undefined).join('');
    return this.#invalid(`Invalid character escape sequence: \\${mark === 'u' ? rest : mark}.`);
  }

  #blockString(): Token {
    this.#start += 3;
    this.#end += 3;
    let value = '';
    for (;;) {
      const rune = this.#runes[this.#end];
      if (rune === undefined) return this.#invalid('Unterminated string.');
      if (rune === '"') {
        let quotes = 1;
        while (this.#runes[this.#end + quotes] === '"') quotes++;
        if (quotes >= 3) {
          const token = this.#token('BlockString', blockValue(value + '"'.repeat(quotes - 3)));
          this.#end += quotes;
          return token;
        }
      }
      if (rune < ' ' && !/[\t\n\r]/.test(rune)) {
        return this.#invalid(`Invalid character within String: "\\u${hex4(rune)}".`);
      }
      value += this.#blockCharacter(rune);
    }
  }

  #blockCharacter(rune: string): string {
    if (this.#at(0, '\\"""')) {
      this.#end += 4;
      return '"""';
    }
    if (rune === '\r' && this.#runes[this.#end + 1] === '\n') this.#end++;
    this.#end++;
    if (rune !== '\r' && rune !== '\n') return rune;
    this.#line++;
    this.#lineStart = this.#end;
    return '\n';
  }
}
