import type { Cursor } from './cursor.ts';
import {
  matchTemplate,
  type ReadRule,
  type RuleTemplate,
  type RuleTwin,
  ruleTemplate,
} from './rule-template.ts';

/** So many templates are made of rules that look alike and are not. */
const ATTEMPTS_MAX = 3;
/** A look that was met once: whether other rules have it is not known yet. */
const MET_ONCE: readonly (RuleTemplate | undefined)[] = Object.freeze([]);

/**
 * Finds the rules of a module that are like an earlier one but for literals, as policies for many tools, roles or
 * tenants have them: they need not be parsed, and what the compiler finds out about one holds for all.
 */
export class RuleTwins {
  readonly found: RuleTwin[] = [];
  /** By what rules look like, the templates of those that were read; undefined for one that makes none. */
  readonly #templates = new Map<number, readonly (RuleTemplate | undefined)[]>();
  /** What the statement at hand looks like. */
  #look = 0;

  /** Passes over the statement at the cursor, if it is a twin of a rule before it. */
  take(cursor: Cursor): boolean {
    const { text, token } = cursor;
    if (token.column !== 1) return false;
    this.#look = lookOf(text, token.start);
    for (const template of this.#templates.get(this.#look) ?? MET_ONCE) {
      const match = template && matchTemplate(template, text, token.start);
      if (match === undefined) continue;
      const { literals, end } = match;
      const { start, row } = token;
      const firstWildcard = cursor.skip(end, template!.lineEnds, template!.wildcards);
      this.found.push({ template: template!, start, row, literals, firstWildcard });
      return true;
    }
    return false;
  }

  /** Takes note of the rule that was read in the place of the last statement that was no twin. */
  learn(rule: ReadRule, text: string): void {
    const known = this.#templates.get(this.#look);
    if (known === undefined) this.#templates.set(this.#look, MET_ONCE);
    else if (known.length < ATTEMPTS_MAX)
      this.#templates.set(this.#look, [...known, ruleTemplate(rule, text)]);
  }

  /** What was read means something else from here on. */
  forget(): void {
    this.#templates.clear();
  }
}

const LINE_END = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;

/**
 * A number that is the same for statements which differ in strings and digits only. The text is looked at up to the
 * next line that begins with a word or a comment.
 */
function lookOf(text: string, start: number): number {
  let look = 0;
  for (let at = start; at < text.length; at++) {
    let unit = text.charCodeAt(at);
    if (unit <= SPACE) {
      if (unit === LINE_END && beginsStatement(text.charCodeAt(at + 1))) break;
      // White space is compared when templates are.
      continue;
    }
    if (unit === QUOTE) {
      const close = text.indexOf('"', at + 1);
      if (close < 0) break;
      at = close;
    } else if (isDigit(unit)) {
      unit = 0x30;
      while (isDigit(text.charCodeAt(at + 1))) at++;
    }
    look = (Math.imul(look, 31) + unit) | 0;
  }
  return look;
}

/** A letter, `_` or `#`. */
function beginsStatement(unit: number): boolean {
  return (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a) || unit === 0x5f || unit === 0x23;
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}
