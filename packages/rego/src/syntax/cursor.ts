import type { Body, Comment, Expression, Location, RegoVersion, Term } from './ast.ts';
import type { Diagnostic, DiagnosticCode } from './diagnostic.ts';
import {
  IMPORTABLE_KEYWORDS,
  isKeywordKind,
  keywordsOf,
  kindName,
  type Token,
  type TokenKind,
} from './token.ts';
import { TokenStream } from './token-stream.ts';

/** How deep terms and bodies may nest, chains of operators included: keeps hostile input off the JavaScript stack. */
export const NESTING_MAX = 400;

/** How often one text may be read again for the sake of a better message. */
const REREADINGS_MAX = 1000;

/** A place to come back to when one reading of the text did not work out. */
export interface Mark {
  readonly index: number;
  readonly wildcards: number;
  readonly diagnostics: number;
  readonly hints: readonly string[];
}

/** How an infix term is read. */
export interface InfixOptions {
  /** A first operand that was read already. */
  readonly first?: Term;
  /** Inside a list, where a comma separates items: `k, v in xs` cannot be meant. */
  readonly list?: boolean;
}

/** Productions that the lower ones need from those above: collections hold infix terms, comprehensions bodies, templates literals. */
export interface Grammar {
  /** A term without operators. */
  term(cursor: Cursor): Term | undefined;
  infix(cursor: Cursor, options?: InfixOptions): Term | undefined;
  /** Literals up to, not including, `end`. */
  body(cursor: Cursor, end: TokenKind): Body | undefined;
  literal(cursor: Cursor): Expression | undefined;
}

/** Optional parts of a diagnostic, see {@link Diagnostic}. */
export type Mend = Pick<Diagnostic, 'cause' | 'help' | 'replacement'>;

/** What is to be parsed. */
export interface Source {
  readonly text: string;
  readonly file: string;
  readonly version: RegoVersion;
  readonly isBuiltin?: (name: string) => boolean;
}

interface Remembered {
  readonly term: Term;
  readonly next: number;
  readonly wildcards: number;
}

/**
 * The parser's place in the tokens, with the words that are keywords by now, the diagnostics so far and the counter of
 * wildcards. Productions return `undefined` where they failed and reported, or where they cannot apply.
 */
export class Cursor {
  readonly file: string;
  readonly text: string;
  readonly version: RegoVersion;
  readonly grammar: Grammar;
  readonly isBuiltin: (name: string) => boolean;
  readonly diagnostics: Diagnostic[] = [];
  /** `not` wraps the whole expansion of its expression (`import future.keywords.not`). */
  wideNot: boolean;
  token: Token;
  kind: TokenKind;
  readonly #tokens: TokenStream;
  readonly #terms = new Map<number, Remembered>();
  /** Where braces or parentheses were found to be no operand of `and` and `or`. */
  readonly #plain = new Set<number>();
  #keywords: Set<string>;
  #index = 0;
  #wildcards = 0;
  #depth = 0;
  #hints: readonly string[] = [];
  #rereadings = 0;

  constructor(source: Source, grammar: Grammar) {
    const { text, file, version, isBuiltin } = source;
    this.text = text;
    this.file = file;
    this.version = version;
    this.grammar = grammar;
    this.isBuiltin = isBuiltin ?? (() => false);
    this.wideNot = version === 2;
    this.#tokens = new TokenStream(text, file);
    this.#keywords = new Set(keywordsOf(version));
    this.token = this.#tokens.at(0);
    this.kind = 'eof';
    this.#arrive();
  }

  /** The comments of the text read so far. */
  get comments(): readonly Comment[] {
    return this.#tokens.comments;
  }

  get index(): number {
    return this.#index;
  }

  /** The token before the present one; a node that was just read ends there. */
  get previous(): Token {
    return this.#tokens.at(Math.max(0, this.#index - 1));
  }

  /** The token `distance` after the present one. */
  ahead(distance = 1): Token {
    return this.#tokens.at(this.#index + distance);
  }

  /** The kind that a token has under the present keywords. */
  kindOf(token: Token): TokenKind {
    return token.kind === 'identifier' && this.#keywords.has(token.text)
      ? (token.text as TokenKind)
      : token.kind;
  }

  /** The present kind is one of these; a call, so that an earlier comparison does not narrow the type. */
  is(kind: TokenKind, other?: TokenKind): boolean {
    return this.kind === kind || this.kind === other;
  }

  advance(): void {
    if (this.#tokens.has(this.#index + 1)) this.#index++;
    this.#arrive();
  }

  #arrive(): void {
    this.token = this.#tokens.at(this.#index);
    this.kind = this.kindOf(this.token);
    if (this.token.faults.length > 0) for (const fault of this.token.faults) this.fail(fault);
  }

  mark(): Mark {
    return {
      index: this.#index,
      wildcards: this.#wildcards,
      diagnostics: this.diagnostics.length,
      hints: this.#hints,
    };
  }

  /** Goes back, forgetting what was reported since. */
  reset(mark: Mark): void {
    this.#index = mark.index;
    this.#wildcards = mark.wildcards;
    this.diagnostics.length = mark.diagnostics;
    this.#hints = mark.hints;
    this.token = this.#tokens.at(mark.index);
    this.kind = this.kindOf(this.token);
  }

  /** Reads the present keyword as an identifier, where the grammar allows one (`default.x`, `import if.foo`). */
  asIdentifier(): void {
    this.kind = 'identifier';
  }

  isKeyword(word: string): boolean {
    return this.#keywords.has(word);
  }

  addKeywords(words: Iterable<string>): void {
    for (const word of words) this.#keywords.add(word);
    if (this.#keywords.has('every')) this.#keywords.add('in');
    this.#terms.clear();
    this.kind = this.kindOf(this.token);
  }

  /** Runs `read` with only the words that are keywords in every version: import paths may hold the others. */
  withoutImportedKeywords<T>(read: () => T): T {
    const kept = this.#keywords;
    this.#keywords = new Set(keywordsOf(0));
    this.#terms.clear();
    this.kind = this.kindOf(this.token);
    const result = read();
    this.#keywords = kept;
    this.#terms.clear();
    this.kind = this.kindOf(this.token);
    return result;
  }

  /** Whether `read` succeeds here if all keywords that can be imported are known; the cursor stays where it is. */
  wouldRead(read: () => unknown): boolean {
    if (!this.mayReread()) return false;
    const before = this.mark();
    const { kind } = this;
    const kept = this.#keywords;
    this.#keywords = new Set([...kept, ...IMPORTABLE_KEYWORDS]);
    this.#terms.clear();
    const success = read() !== undefined;
    this.#keywords = kept;
    this.#terms.clear();
    this.reset(before);
    this.kind = kind;
    return success;
  }

  /** Texts are read again to say better what is wrong with them, but not without end. */
  mayReread(): boolean {
    this.#rereadings++;
    return this.#rereadings <= REREADINGS_MAX;
  }

  /** What opens at the present token is no operand of `and` and `or`: need not be tried again. */
  get isPlain(): boolean {
    return this.#plain.has(this.#index);
  }

  markPlain({ index }: Mark): void {
    this.#plain.add(index);
  }

  /** A fresh name for `_`. */
  wildcard(): string {
    return `$${this.#wildcards++}`;
  }

  /** A term that was read here before; going back must not cost twice at each level of nesting. */
  recall(): Term | undefined {
    const known = this.#terms.get(this.#index);
    if (!known) return undefined;
    this.#index = known.next;
    this.#wildcards = known.wildcards;
    this.#arrive();
    return known.term;
  }

  remember(start: number, term: Term): void {
    this.#terms.set(start, { term, next: this.#index, wildcards: this.#wildcards });
  }

  /** Nothing before the present token is gone back to. */
  forget(): void {
    this.#terms.clear();
    this.#plain.clear();
    this.#tokens.forget(this.#index - 1);
  }

  /**
   * Passes over text from the present token on, without reading it: it holds so many line ends and wildcards.
   *
   * @returns how many wildcards there were before
   */
  skip(end: number, lineEnds: number, wildcards: number): number {
    const before = this.#wildcards;
    this.#wildcards += wildcards;
    this.forget();
    this.#tokens.skip(this.#index, end, lineEnds);
    this.#index++;
    this.#arrive();
    return before;
  }

  /** How many names of wildcards were given out. */
  get wildcards(): number {
    return this.#wildcards;
  }

  enter(): boolean {
    if (this.#depth >= NESTING_MAX) {
      this.fail('max parsing recursion depth exceeded');
      return false;
    }
    this.#depth++;
    return true;
  }

  leave(): void {
    this.#depth--;
  }

  /** The span from a token to the end of the one before the present. */
  span(from: Token | Location): Location {
    const end = Math.max(this.previous.end, from.end);
    return Object.freeze({ file: this.file, row: from.row, column: from.column, start: from.start, end });
  }

  at(token: Token): Location {
    const { row, column, start, end } = token;
    return Object.freeze({ file: this.file, row, column, start, end });
  }

  /** Adds a hint to the next error, as OPA does for keywords that want an import. */
  hint(text: string): void {
    this.#hints = [...this.#hints, text];
  }

  get hasHints(): boolean {
    return this.#hints.length > 0;
  }

  fail(message: string, where: Token | Location = this.token, mend: Mend = {}): undefined {
    return this.report('rego_parse_error', message, where, mend);
  }

  report(code: DiagnosticCode, message: string, where: Token | Location, mend: Mend = {}): undefined {
    const location: Location = Object.freeze({
      file: this.file,
      row: where.row,
      column: where.column,
      start: where.start,
      end: Math.max(where.end, where.start),
    });
    const [first, ...more] = this.#hints;
    const label = more.length > 0 ? 'hints' : 'hint';
    const hinted = first === undefined ? message : `${message} (${label}: ${this.#hints.join(', ')})`;
    this.#hints = [];
    this.diagnostics.push(Object.freeze({ code, severity: 'error', message: hinted, location, ...mend }));
    return undefined;
  }

  /** `unexpected } token: note`, in OPA's words; the first finding at a token is the telling one. */
  unexpected(note?: string, mend: Mend = {}): undefined {
    const last = this.diagnostics.at(-1);
    if (last && last.location.start === this.token.start && last.location.end === this.token.end)
      return undefined;
    if (this.kind === 'illegal') return this.fail('illegal token', this.token, mend);
    const what = `unexpected ${kindName(this.kind)} ${isKeywordKind(this.kind) ? 'keyword' : 'token'}`;
    return this.fail(note ? `${what}: ${note}` : what, this.token, mend);
  }
}
