import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import type { Family } from './define.ts';
import { cancelled, fault } from './fault.ts';

/** One step of a simple pattern: characters that it takes (any, where absent), and how often. */
interface Token {
  readonly characters: ReadonlySet<number> | undefined;
  readonly flag: '' | '+' | '*';
}

/** Members of a set in a pattern, ranges written out. */
const SET_CHARACTERS_MAX = 1_114_112;
/** Steps of the comparison between two looks at the clock. */
const CLOCK_INTERVAL = 4096;

/** Reads a pattern of characters, `.`, `[…]`, `+`, `*` and `\`. */
class PatternReader {
  readonly #text: string;
  readonly #runes: readonly string[];
  #index = 0;

  constructor(text: string) {
    this.#text = text;
    this.#runes = [...text];
  }

  tokens(): readonly Token[] | BuiltinError {
    const tokens: Token[] = [];
    while (this.#index < this.#runes.length) {
      const token = this.#token();
      if (token instanceof BuiltinError) return token;
      tokens.push(token);
    }
    return tokens;
  }

  #fault(problem: string, at = this.#index): BuiltinError {
    return fault(`input:${this.#text}, pos:${at}, ${problem}: the input provided is invalid`);
  }

  /** The next character, and whether a backslash stood before it. */
  #next(): { readonly rune: string; readonly isEscaped: boolean } | BuiltinError | undefined {
    const rune = this.#runes[this.#index];
    if (rune === undefined) return undefined;
    if (rune !== '\\') {
      this.#index++;
      return { rune, isEscaped: false };
    }
    const escaped = this.#runes[this.#index + 1];
    if (escaped === undefined) return this.#fault('input ends with a \\ (escape) character');
    this.#index += 2;
    return { rune: escaped, isEscaped: true };
  }

  #token(): Token | BuiltinError {
    const next = this.#next()!;
    if (next instanceof BuiltinError) return next;
    const { rune, isEscaped } = next;
    let characters: ReadonlySet<number> | undefined | BuiltinError = new Set([rune.codePointAt(0)!]);
    if (!isEscaped) {
      if (rune === ']') return this.#fault("set-close ']' with no preceding '['");
      if (rune === '+' || rune === '*') return this.#fault(`flag '${rune}' must be preceded by a non-flag`);
      if (rune === '.') characters = undefined;
      if (rune === '[') characters = this.#set();
    }
    if (characters instanceof BuiltinError) return characters;
    const flag = this.#runes[this.#index];
    if (flag !== '+' && flag !== '*') {
      const dangling = flag === '\\' && this.#index === this.#runes.length - 1;
      return dangling ? this.#fault('input ends with a \\ (escape) character') : { characters, flag: '' };
    }
    this.#index++;
    return { characters, flag };
  }

  #set(): ReadonlySet<number> | BuiltinError {
    const members = new Set<number>();
    let previous: number | undefined;
    for (;;) {
      const next = this.#next();
      if (next === undefined) return this.#fault('found [ without matching ]');
      if (next instanceof BuiltinError) return next;
      const { rune, isEscaped } = next;
      if (!isEscaped && rune === ']') return members;
      if (!isEscaped && rune === '-') {
        const problem = this.#range(members, previous);
        if (problem !== undefined) return problem;
        previous = undefined;
      } else {
        previous = rune.codePointAt(0)!;
        members.add(previous);
      }
    }
  }

  #range(members: Set<number>, from: number | undefined): BuiltinError | undefined {
    if (from === undefined) {
      return this.#fault("range character '-' must be preceded by a Unicode character");
    }
    if (this.#index >= this.#runes.length - 1) {
      return this.#fault("range character '-' must be followed by a Unicode character");
    }
    const next = this.#next()!;
    if (next instanceof BuiltinError) return next;
    if (!next.isEscaped && (next.rune === ']' || next.rune === '-')) {
      return this.#fault("range character '-' cannot be followed by a special symbol");
    }
    const to = next.rune.codePointAt(0)!;
    if (to < from) {
      const [low, high] = [next.rune, String.fromCodePoint(from)];
      return this.#fault(`range is out of order: '${low}' comes before '${high}' in Unicode`);
    }
    for (let code = from; code <= to && members.size < SET_CHARACTERS_MAX; code++) members.add(code);
    return undefined;
  }
}

function isSame(a: Token, b: Token): boolean {
  if (a.characters === undefined || b.characters === undefined) return a.characters === b.characters;
  return a.characters.size === b.characters.size && a.characters.isSubsetOf(b.characters);
}

/** Repetitions of one step directly behind another are one. */
function simplified(tokens: readonly Token[]): Token[] {
  const simple: Token[] = [];
  for (const token of tokens) {
    const latest = simple.at(-1);
    if (latest !== undefined && latest.flag !== '' && token.flag !== '' && isSame(latest, token)) {
      simple[simple.length - 1] = { ...latest, flag: latest.flag === '+' || token.flag === '+' ? '+' : '*' };
    } else simple.push(token);
  }
  return simple;
}

function meet(a: Token, b: Token): boolean {
  return (
    a.characters === undefined || b.characters === undefined || !a.characters.isDisjointFrom(b.characters)
  );
}

/** Whether OPA's comparison finds a text that both patterns take; positions are compared once each. */
class Intersection {
  readonly #left: readonly Token[];
  readonly #right: readonly Token[];
  readonly #context: BuiltinContext;
  readonly #known = new Map<string, boolean>();
  #steps = 0;
  isCancelled = false;

  constructor(left: readonly Token[], right: readonly Token[], context: BuiltinContext) {
    this.#left = left;
    this.#right = right;
    this.#context = context;
  }

  exists(): boolean {
    return this.#plain(0, 0);
  }

  #plain(from: number, to: number): boolean {
    const key = `p${from},${to}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const answer = this.#plainAnswer(from, to);
    this.#known.set(key, answer);
    return answer;
  }

  #plainAnswer(from: number, to: number): boolean {
    let [i, j] = [from, to];
    for (; i < this.#left.length && j < this.#right.length; i++, j++) {
      const a = this.#left[i]!;
      const b = this.#right[j]!;
      if (a.flag !== '' || b.flag !== '') {
        const isLeft = a.flag !== '';
        return (isLeft ? a : b).flag === '+' ? this.#plus(isLeft, i, j) : this.#star(isLeft, i, j);
      }
      if (!meet(a, b)) return false;
    }
    return i === this.#left.length && j === this.#right.length;
  }

  #plus(isLeft: boolean, i: number, j: number): boolean {
    const a = this.#left[i]!;
    const b = this.#right[j]!;
    if (!meet(a, b)) return false;
    if (isLeft ? this.#star(true, i, j + 1) : this.#star(false, i + 1, j)) return true;
    const other = isLeft ? b : a;
    return other.flag !== '' && (isLeft ? this.#plain(i + 1, j) : this.#plain(i, j + 1));
  }

  /** The repeated step takes steps of the other pattern until what follows fits. */
  #star(isLeft: boolean, i: number, j: number): boolean {
    const key = `${isLeft ? 'l' : 'r'}${i},${j}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const answer = this.#starAnswer(isLeft, i, j);
    this.#known.set(key, answer);
    return answer;
  }

  #starAnswer(isLeft: boolean, i: number, j: number): boolean {
    const starred = isLeft ? this.#left : this.#right;
    const other = isLeft ? this.#right : this.#left;
    const at = isLeft ? i : j;
    const star = starred[at]!;
    const follower = starred[at + 1];
    for (let index = isLeft ? j : i; index < other.length; index++) {
      this.#steps++;
      if (this.#steps % CLOCK_INTERVAL === 0 && this.#context.cancelled()) this.isCancelled = true;
      if (this.isCancelled) return false;
      const token = other[index]!;
      const isNext = follower !== undefined && meet(token, follower);
      if (isNext && (isLeft ? this.#plain(at + 1, index) : this.#plain(index, at + 1))) return true;
      if (!meet(token, star)) return false;
    }
    return follower === undefined;
  }
}

/** Cuts off the same plain beginnings and ends, leaving one of each; undefined where they differ. */
function trimmed(left: readonly Token[], right: readonly Token[]): [Token[], Token[]] | undefined {
  const isPlain = (token: Token | undefined) => token !== undefined && token.flag === '';
  let start = 0;
  for (; isPlain(left[start]) && isPlain(right[start]); start++) {
    if (!meet(left[start]!, right[start]!)) return undefined;
  }
  if (start > 0) start--;
  let [a, b] = [left.length - 1, right.length - 1];
  for (; a >= start && b >= start && isPlain(left[a]) && isPlain(right[b]); a--, b--) {
    if (!meet(left[a]!, right[b]!)) return undefined;
  }
  if (a < left.length - 1) {
    a++;
    b++;
  }
  return [left.slice(start, a + 1), right.slice(start, b + 1)];
}

function globsMatch(context: BuiltinContext, a: string, b: string): BuiltinOutcome {
  const left = new PatternReader(a).tokens();
  if (left instanceof BuiltinError) return left;
  const right = new PatternReader(b).tokens();
  if (right instanceof BuiltinError) return right;
  const pair = trimmed(simplified(left), simplified(right));
  if (pair === undefined) return false;
  const intersection = new Intersection(...pair, context);
  const exists = intersection.exists();
  return intersection.isCancelled ? cancelled('timed out before the patterns were compared') : exists;
}

/** Whether two simple patterns take a common text. Source: OPA's `topdown/regex.go`. */
export const GLOBS_MATCH: Family = { 'regex.globs_match': globsMatch };
