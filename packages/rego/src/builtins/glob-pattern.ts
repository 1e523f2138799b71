/**
 * Glob patterns of `glob.match`: `*` any run of characters but delimiters, `**` any run, `?` one character but a
 * delimiter, `[a-z]` and `[!abc]` classes (delimiters included), `{a,b}` alternatives, `\` takes the next character
 * as it is. Source: the documentation of gobwas/glob, which OPA uses.
 *
 * A pattern becomes a nondeterministic automaton whose states advance together: time is linear in the text, whatever
 * the pattern.
 */
type Test = (code: number) => boolean;

type State =
  | { readonly kind: 'step'; readonly test: Test; next: number }
  | { readonly kind: 'split'; next: number[] }
  | { readonly kind: 'accept' };

/** A malformed pattern. */
export class GlobFault {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** Thrown inside the parser only; {@link compileGlob} turns it into a {@link GlobFault}. */
class Malformed extends Error {}

class GlobCompiler {
  readonly states: State[] = [];
  readonly #characters: readonly string[];
  readonly #isDelimiter: Test;
  #position = 0;

  constructor(pattern: string, delimiters: readonly string[]) {
    this.#characters = Array.from(pattern);
    const codes = new Set(delimiters.map((delimiter) => delimiter.codePointAt(0)!));
    this.#isDelimiter = (code) => codes.has(code);
  }

  /** Builds from the end: each part is made knowing the state that follows it. */
  compile(): number {
    const parts = this.#sequence(0);
    const accept = this.#state({ kind: 'accept' });
    return this.#link(parts, accept);
  }

  #state(state: State): number {
    this.states.push(state);
    return this.states.length - 1;
  }

  #link(parts: readonly Part[], next: number): number {
    return parts.reduceRight((following, part) => part(following), next);
  }

  #sequence(depth: number): Part[] {
    const parts: Part[] = [];
    for (;;) {
      const character = this.#characters[this.#position];
      if (character === undefined) {
        if (depth > 0) throw new Malformed('unclosed `{`');
        return parts;
      }
      if (depth > 0 && (character === ',' || character === '}')) return parts;
      this.#position++;
      parts.push(this.#part(character, depth));
    }
  }

  #part(character: string, depth: number): Part {
    switch (character) {
      case '*': {
        const isSuper = this.#characters[this.#position] === '*';
        if (isSuper) this.#position++;
        return this.#star(isSuper ? () => true : (code) => !this.#isDelimiter(code));
      }
      case '?':
        return this.#step((code) => !this.#isDelimiter(code));
      case '[':
        return this.#class();
      case '{':
        return this.#alternatives(depth);
      default:
        return this.#literal(character === '\\' ? this.#escaped() : character);
    }
  }

  #escaped(): string {
    const character = this.#characters[this.#position];
    if (character === undefined) throw new Malformed('trailing backslash');
    this.#position++;
    return character;
  }

  #step(test: Test): Part {
    return (next) => this.#state({ kind: 'step', test, next });
  }

  #literal(character: string): Part {
    const wanted = character.codePointAt(0)!;
    return this.#step((code) => code === wanted);
  }

  #star(test: Test): Part {
    return (next) => {
      const split = this.#state({ kind: 'split', next: [] });
      const loop = this.#state({ kind: 'step', test, next: split });
      this.states[split] = { kind: 'split', next: [loop, next] };
      return split;
    };
  }

  #alternatives(depth: number): Part {
    const branches: Part[][] = [];
    for (;;) {
      branches.push(this.#sequence(depth + 1));
      const separator = this.#characters[this.#position++];
      if (separator === '}') break;
    }
    return (next) => this.#state({ kind: 'split', next: branches.map((branch) => this.#link(branch, next)) });
  }

  #class(): Part {
    let isNegated = false;
    if (this.#characters[this.#position] === '!') {
      isNegated = true;
      this.#position++;
    }
    const low = this.#characters[this.#position];
    if (low === undefined) throw new Malformed('unexpected end of input');
    const test = this.#characters[this.#position + 1] === '-' ? this.#range(low) : this.#members();
    if (this.#characters[this.#position++] !== ']') throw new Malformed('expected close range character');
    return this.#step((code) => test(code) !== isNegated);
  }

  #range(low: string): Test {
    const high = this.#characters[this.#position + 2];
    if (high === undefined) throw new Malformed('unexpected end of input');
    this.#position += 3;
    const first = low.codePointAt(0)!;
    const last = high.codePointAt(0)!;
    if (last < first) throw new Malformed('range hi character is less than lo');
    return (code) => code >= first && code <= last;
  }

  #members(): Test {
    const codes = new Set<number>();
    for (;;) {
      const character = this.#characters[this.#position];
      if (character === undefined) throw new Malformed('unexpected end of input');
      if (character === ']') break;
      this.#position++;
      codes.add((character === '\\' ? this.#escaped() : character).codePointAt(0)!);
    }
    if (codes.size === 0) throw new Malformed('could not parse range');
    return (code) => codes.has(code);
  }
}

type Part = (next: number) => number;

/** Sets of states that a text can lead to are kept up to this many; then all are forgotten and made anew. */
const SETS_MAX = 256;
/** Characters below this one find the next set in a table. */
const TABLE_SIZE = 128;

/** States of the pattern that are reached together, and where each character leads from them. */
interface StateSet {
  readonly states: readonly number[];
  readonly accepts: boolean;
  /** By character; made when first met. */
  readonly next: (StateSet | undefined)[];
}

const NOWHERE: StateSet = { states: [], accepts: false, next: [] };

/** What is known of a pattern before any text. */
interface GlobShape {
  /** What every text begins with that matches. */
  readonly prefix: string;
  /** Whether the prefix is all of the pattern. */
  readonly isLiteral: boolean;
  readonly expression: RegExp | undefined;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/**
 * A pattern of plain text and `*` as an expression, if each `*` stops for certain at the delimiter behind it, or goes on
 * to the end: then there is one way to match, and going back finds no other. Any further `*` could take turns with it.
 */
function linearExpression(pattern: string, delimiters: readonly string[]): RegExp | undefined {
  if (/[\\,}?[{]|\*\*/.test(pattern) || !pattern.isWellFormed()) return undefined;
  if (delimiters.some((delimiter) => delimiter.length !== 1)) return undefined;
  const texts = pattern.split('*');
  const isCertain = texts
    .slice(1)
    .every((text, index) => (text === '' ? index === texts.length - 2 : delimiters.includes(text[0]!)));
  if (texts.length === 1 || !isCertain) return undefined;
  const star = delimiters.length === 0 ? '[^]*' : `[^${escaped(delimiters.join(''))}]*`;
  return new RegExp(`^${texts.map(escaped).join(star)}$`);
}

/** A compiled glob. */
export class GlobPattern {
  readonly #states: readonly State[];
  readonly #start: number;
  /** What every text begins with that matches. */
  readonly #prefix: string;
  /** Whether the prefix is all of the pattern. */
  readonly #isLiteral: boolean;
  readonly #sets = new Map<string, StateSet>();
  /** What the prefix leads to. */
  #first: StateSet | undefined;

  /** The pattern as an expression of JavaScript's, where that takes time linear in the text. */
  readonly #expression: RegExp | undefined;

  constructor(states: readonly State[], start: number, { prefix, isLiteral, expression }: GlobShape) {
    this.#expression = expression;
    this.#states = states;
    this.#start = start;
    this.#prefix = prefix;
    this.#isLiteral = isLiteral;
  }

  /** Whether the pattern matches the whole text. */
  matches(text: string): boolean {
    if (this.#isLiteral) return text === this.#prefix;
    if (this.#expression !== undefined) return this.#expression.test(text);
    if (!text.startsWith(this.#prefix)) return false;
    this.#first ??= this.#afterPrefix();
    let set = this.#first;
    for (let index = this.#prefix.length; index < text.length; index++) {
      let code = text.charCodeAt(index);
      let next: StateSet | undefined;
      if (code < TABLE_SIZE) {
        next = set.next[code] ??= this.#step(set, code);
      } else {
        code = text.codePointAt(index)!;
        if (code > 0xffff) index++;
        next = this.#step(set, code);
      }
      if (next === NOWHERE) return false;
      set = next;
    }
    return set.accepts;
  }

  #afterPrefix(): StateSet {
    const entered = new Set<number>();
    this.#enter(this.#start, entered);
    let set = this.#setOf(entered);
    for (const character of this.#prefix) set = this.#step(set, character.codePointAt(0)!);
    return set;
  }

  #step(set: StateSet, code: number): StateSet {
    const reached = new Set<number>();
    for (const index of set.states) {
      const state = this.#states[index]!;
      if (state.kind === 'step' && state.test(code)) this.#enter(state.next, reached);
    }
    return reached.size === 0 ? NOWHERE : this.#setOf(reached);
  }

  #setOf(reached: ReadonlySet<number>): StateSet {
    const states = [...reached].sort((a, b) => a - b);
    const name = states.join();
    const known = this.#sets.get(name);
    if (known !== undefined) return known;
    if (this.#sets.size >= SETS_MAX) this.#forget();
    const accepts = states.some((index) => this.#states[index]!.kind === 'accept');
    const set: StateSet = { states, accepts, next: new Array(TABLE_SIZE) };
    this.#sets.set(name, set);
    return set;
  }

  #forget(): void {
    for (const set of this.#sets.values()) set.next.fill(undefined);
    this.#sets.clear();
    this.#first = undefined;
  }

  #enter(index: number, active: Set<number>): void {
    if (active.has(index)) return;
    active.add(index);
    const state = this.#states[index]!;
    if (state.kind === 'split') for (const next of state.next) this.#enter(next, active);
  }
}

/** Compiles a pattern for the given delimiters, each one character. */
export function compileGlob(pattern: string, delimiters: readonly string[]): GlobPattern | GlobFault {
  const compiler = new GlobCompiler(pattern, delimiters);
  try {
    const start = compiler.compile();
    // Up to the first character that may be special.
    // Half a character is left to the states, which go by whole ones.
    const [prefix] = pattern.isWellFormed() ? /^[^\\,}?*[{]*/u.exec(pattern)! : [''];
    return new GlobPattern(compiler.states, start, {
      prefix,
      isLiteral: prefix === pattern,
      expression: linearExpression(pattern, delimiters),
    });
  } catch (error) {
    if (error instanceof Malformed) return new GlobFault(error.message);
    throw error;
  }
}

/** The text with every special character escaped. */
export function quoteGlob(text: string): string {
  return text.replace(/[*?\\[\]{}]/g, '\\$&');
}
