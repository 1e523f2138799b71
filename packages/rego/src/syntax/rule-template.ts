import type { RuleDraft } from './rule-draft.ts';
import { keywordsOf } from './token.ts';
import { holdsTemplateString, otherLiterals, twinParameters } from './twin-parameters.ts';
import type { TwinParameter, TwinShape, TwinText } from './twin-places.ts';

/** A rule that others are like. */
export interface RuleTemplate extends TwinShape {
  /** How many names of wildcards were given out before the rule, and in it. */
  readonly firstWildcard: number;
  readonly wildcards: number;
  /** How many line ends it holds. */
  readonly lineEnds: number;
  /** Its text around the literals. */
  readonly pieces: readonly string[];
  /** For each parameter the one before it that it is equal to, else -1; then which of the other literals. */
  readonly equalities: readonly number[];
  readonly others: readonly string[];
}

/** A rule of a module that is like another one but for literals; it was found by its text, and never parsed. */
export interface RuleTwin extends TwinText {
  readonly template: RuleTemplate;
  /** How many names of wildcards were given out before it. */
  readonly firstWildcard: number;
}

/** Where a rule was read. */
export interface ReadRule {
  readonly draft: RuleDraft;
  readonly start: number;
  readonly end: number;
  readonly row: number;
  readonly firstWildcard: number;
  readonly wildcards: number;
  readonly hasComments: boolean;
}

/** What may mean more than its own text: raw strings, characters that count as one column in two units. */
const UNCLEAR = /[`\r\0\ufeff\ud800-\udfff]/;
const PARAMETERS_MAX = 16;

/** A template of a rule that was read; undefined where nothing in it can differ, or its text is not plain enough. */
export function ruleTemplate(rule: ReadRule, text: string): RuleTemplate | undefined {
  const { draft, start, end, row, firstWildcard, wildcards } = rule;
  const written = text.slice(start, end);
  if (rule.hasComments || !isPlainRule(draft) || UNCLEAR.test(written)) return undefined;
  const literals = twinParameters(draft, text);
  if (literals.length === 0 || literals.length > PARAMETERS_MAX) return undefined;
  const pieces: string[] = [];
  const parameters: TwinParameter[] = [];
  let from = start;
  for (const { kind, location } of literals) {
    // A term that stands twice in the tree, as it may in memberships, is one literal.
    if (location.start < from) return undefined;
    pieces.push(text.slice(from, location.start));
    from = location.end;
    parameters.push({
      kind,
      start: location.start,
      row: location.row,
      length: location.end - location.start,
    });
  }
  pieces.push(text.slice(from, end));
  const others = otherLiterals(draft, literals);
  const own = literals.map(({ location }) => text.slice(location.start, location.end));
  const lineEnds = written.split('\n').length - 1;
  return {
    start,
    row,
    firstWildcard,
    wildcards,
    lineEnds,
    pieces,
    parameters,
    equalities: equalitiesOf(own, others),
    others,
  };
}

/** One body, and a head whose path is known. */
function isPlainRule({ isDefault, head, body, elses, generatedBody }: RuleDraft): boolean {
  if (isDefault || generatedBody || elses.length > 0 || body.length === 0) return false;
  return head.ref.every(({ kind }) => kind === 'string') && !holdsTemplateString({ head, body });
}

/** Which literals are equal to an earlier one, or to one that all twins share: by their positions in one list. */
function equalitiesOf(literals: readonly string[], others: readonly string[]): number[] {
  return literals.map((_literal, index) => equalityOf(literals, others, index));
}

function equalityOf(literals: readonly string[], others: readonly string[], index: number): number {
  const literal = literals[index]!;
  const position = literals.indexOf(literal);
  if (position < index) return position;
  const other = others.indexOf(literal);
  return other < 0 ? -1 : PARAMETERS_MAX + other;
}

/** The literals of a text that is like the template from an offset on, and the offset after it. */
export function matchTemplate(
  template: RuleTemplate,
  text: string,
  offset: number,
): { readonly literals: readonly string[]; readonly end: number } | undefined {
  const { pieces, parameters } = template;
  if (!text.startsWith(pieces[0]!, offset)) return undefined;
  const literals: string[] = [];
  let at = offset + pieces[0]!.length;
  for (let index = 0; index < parameters.length; index++) {
    const end = parameters[index]!.kind === 'string' ? stringEnd(text, at) : numberEnd(text, at);
    const piece = pieces[index + 1]!;
    if (end < 0 || !text.startsWith(piece, end)) return undefined;
    literals.push(text.slice(at, end));
    at = end + piece.length;
  }
  if (!isRuleEnd(text, at)) return undefined;
  for (let index = 0; index < literals.length; index++) {
    if (equalityOf(literals, template.others, index) !== template.equalities[index]) return undefined;
  }
  return { literals, end: at };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The offset after a plain string that begins here, else -1. */
function stringEnd(text: string, start: number): number {
  if (text.charCodeAt(start) !== QUOTE) return -1;
  for (let at = start + 1; ; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) return at + 1;
    // The end of the text is no number, which compares false as well.
    if (!(unit >= 0x20 && unit <= 0x7e) || unit === BACKSLASH) return -1;
  }
}

const DIGITS_MAX = 15;

/** The offset after a plain number that begins here, else -1. */
function numberEnd(text: string, start: number): number {
  let at = start;
  while (isDigit(text.charCodeAt(at))) at++;
  const digits = at - start;
  if (digits === 0 || digits > DIGITS_MAX) return -1;
  return digits > 1 && text.charCodeAt(start) === 0x30 ? -1 : at;
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

/** A line end, and after it a word that begins a statement: nothing that could go on with the rule. */
const RULE_END = /[ \t]*\n(?:[ \t\r\n]|#[^\n]*\n)*(?:([A-Za-z_][A-Za-z0-9_]*)|$)|[ \t]*$/y;
const KEYWORDS = keywordsOf(2);
const BEGINNINGS: ReadonlySet<string> = new Set(['default', 'import']);

function isRuleEnd(text: string, offset: number): boolean {
  RULE_END.lastIndex = offset;
  const found = RULE_END.exec(text);
  if (found === null) return false;
  const word = found[1];
  return word === undefined || !KEYWORDS.has(word) || BEGINNINGS.has(word);
}
