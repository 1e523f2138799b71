import type { Cursor } from './cursor.ts';
import {
  matchTemplate,
  type ReadRule,
  type RuleTemplate,
  type RuleTwin,
  ruleTemplate,
} from './rule-template.ts';

/** So many kinds of rules that take turns are known at a time. */
const TEMPLATES_MAX = 32;
/** So many templates are made of rules that look alike and are not. */
const ATTEMPTS_MAX = 3;

/**
 * Finds the rules of a module that are like an earlier one but for literals, as policies for many tools, roles or
 * tenants have them: they need not be parsed, and what the compiler finds out about one holds for all.
 */
export class RuleTwins {
  readonly found: RuleTwin[] = [];
  /** Those that were met last come first. */
  readonly #templates: RuleTemplate[] = [];
  /** How many rules were read that may be alike. */
  readonly #looks = new Map<number, number>();

  /** Passes over the statement at the cursor, if it is a twin of a rule before it. */
  take(cursor: Cursor): boolean {
    const { text, token } = cursor;
    if (token.column !== 1) return false;
    for (let index = 0; index < this.#templates.length; index++) {
      const template = this.#templates[index]!;
      const match = matchTemplate(template, text, token.start);
      if (match === undefined) continue;
      this.found.push({
        template,
        start: token.start,
        row: token.row,
        literals: match.literals,
        firstWildcard: cursor.skip(match.end, template.lineEnds, template.wildcards),
      });
      if (index > 0) {
        this.#templates.splice(index, 1);
        this.#templates.unshift(template);
      }
      return true;
    }
    return false;
  }

  /** Takes note of a rule that was read. */
  learn(rule: ReadRule, text: string): void {
    const look = lookOf(text, rule.start, rule.end);
    const seen = this.#looks.get(look) ?? 0;
    this.#looks.set(look, seen + 1);
    if (seen === 0 || seen > ATTEMPTS_MAX) return;
    const template = ruleTemplate(rule, text);
    if (template === undefined) return;
    this.#templates.unshift(template);
    if (this.#templates.length > TEMPLATES_MAX) this.#templates.pop();
  }

  /** What was read means something else from here on. */
  forget(): void {
    this.#templates.length = 0;
    this.#looks.clear();
  }
}

/** A number that is the same for texts which differ in strings and digits only. */
function lookOf(text: string, start: number, end: number): number {
  let look = 0;
  for (let at = start; at < end; at++) {
    let unit = text.charCodeAt(at);
    if (unit === 0x22) {
      const close = text.indexOf('"', at + 1);
      at = close < 0 ? end : close;
    } else if (unit >= 0x30 && unit <= 0x39) {
      unit = 0x30;
      while (isDigit(text.charCodeAt(at + 1))) at++;
    }
    look = (Math.imul(look, 31) + unit) | 0;
  }
  return look;
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}
