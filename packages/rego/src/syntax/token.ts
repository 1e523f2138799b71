import type { RegoVersion } from './ast.ts';

/**
 * Kinds of lexical tokens. A keyword's kind is its own word; whether a word is a keyword depends on the language
 * version and on imports, so the lexer only says `identifier` and the cursor decides.
 */
export const PUNCTUATION = [
  '[',
  ']',
  '{',
  '}',
  '(',
  ')',
  ',',
  ':',
  '+',
  '-',
  '*',
  '/',
  '%',
  '&',
  '|',
  '=',
  '==',
  ':=',
  '!=',
  '>',
  '<',
  '>=',
  '<=',
  '.',
  ';',
] as const;
export type Punctuation = (typeof PUNCTUATION)[number];

const BASE_KEYWORDS = [
  'package',
  'import',
  'as',
  'default',
  'else',
  'not',
  'some',
  'with',
  'null',
  'true',
  'false',
] as const;
const V1_KEYWORDS = ['in', 'every', 'contains', 'if'] as const;
const V2_KEYWORDS = ['and', 'or'] as const;
export type Keyword =
  | (typeof BASE_KEYWORDS)[number]
  | (typeof V1_KEYWORDS)[number]
  | (typeof V2_KEYWORDS)[number];

export type TemplateKind =
  | 'template-string-part'
  | 'template-string-end'
  | 'raw-template-string-part'
  | 'raw-template-string-end';

export type TokenKind =
  | Punctuation
  | Keyword
  | TemplateKind
  | 'identifier'
  | 'number'
  | 'string'
  | 'illegal'
  | 'eof';

/** What the lexer gives: a span of the source, what it is, and what was wrong with it. */
export interface Token {
  readonly kind: Exclude<TokenKind, Keyword>;
  /** The source text of the token, delimiters included. */
  readonly text: string;
  readonly row: number;
  readonly column: number;
  readonly start: number;
  readonly end: number;
  /** White space or a comment stands before it: `p [x]` is not a reference. */
  readonly spaceBefore: boolean;
  /** A line ends before it: literals of a body may be separated by a line end. */
  readonly newlineBefore: boolean;
  /** Faults found while reading it, in OPA's words; such a token is `illegal`. */
  readonly faults: readonly string[];
}

/** Words that `import future.keywords…` may name (OPA `futureKeywordsV0`, `futureKeywordsV1`). */
export const IMPORTABLE_KEYWORDS: readonly string[] = ['and', 'contains', 'every', 'if', 'in', 'not', 'or'];

const KEYWORDS_OF_VERSION: Record<RegoVersion, readonly string[]> = {
  0: BASE_KEYWORDS,
  1: [...BASE_KEYWORDS, ...V1_KEYWORDS],
  2: [...BASE_KEYWORDS, ...V1_KEYWORDS, ...V2_KEYWORDS],
};

const KEYWORD_SETS: Record<RegoVersion, ReadonlySet<string>> = {
  0: new Set(KEYWORDS_OF_VERSION[0]),
  1: new Set(KEYWORDS_OF_VERSION[1]),
  2: new Set(KEYWORDS_OF_VERSION[2]),
};

/** Words that are keywords in a version without any import. */
export function keywordsOf(version: RegoVersion): ReadonlySet<string> {
  return KEYWORD_SETS[version];
}

const ALL_KEYWORDS = new Set<string>(KEYWORDS_OF_VERSION[2]);

/** The kind is a keyword's. */
export function isKeywordKind(kind: TokenKind): kind is Keyword {
  return ALL_KEYWORDS.has(kind);
}

const NAMES: Partial<Record<TokenKind, string>> = {
  '+': 'plus',
  '-': 'minus',
  '*': 'mul',
  '/': 'div',
  '%': 'rem',
  '&': 'and',
  '|': 'or',
  '=': 'eq',
  '==': 'equal',
  ':=': 'assign',
  '!=': 'neq',
  '>': 'gt',
  '<': 'lt',
  '>=': 'gte',
  '<=': 'lte',
};

/** The name that OPA's messages use for a kind: `unexpected eq token`. */
export function kindName(kind: TokenKind): string {
  return NAMES[kind] ?? kind;
}
