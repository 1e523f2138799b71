import type { Body, Expression, Term, With } from './ast.ts';
import type { Cursor, Mark } from './cursor.ts';
import {
  isAmbiguousUnion,
  reportAmbiguousUnion,
  reportBraceLedOperand,
  reportWithOnOperand,
} from './logical-faults.ts';
import { node } from './nodes.ts';
import { parseBareExpression } from './parse-bare-expression.ts';
import {
  attachWith,
  foldTail,
  hasLogicalKeywords,
  isNot,
  isOperator,
  notOperand,
  type Operand,
  parseChain,
  parseGroup,
  parseNotBody,
  parseOperandBraces,
} from './parse-logical.ts';
import { parseEvery, parseSome } from './parse-quantifier.ts';
import { takeKeywordReference } from './parse-reference.ts';
import { parseWiths } from './parse-with.ts';
import { kindName, type Token, type TokenKind } from './token.ts';

/** Literals up to, not including, `end`: at least one, separated by `;` or line ends. */
export function parseBody(cursor: Cursor, end: TokenKind): Body | undefined {
  if (!cursor.enter()) return undefined;
  const body = cursor.kind === end ? cursor.fail('found empty body') : parseLiterals(cursor, end);
  cursor.leave();
  return body;
}

function parseLiterals(cursor: Cursor, end: TokenKind): Body | undefined {
  const reported = cursor.diagnostics.length;
  const body: Expression[] = [];
  for (;;) {
    const literal = parseLiteral(cursor, body.length);
    if (!literal) return undefined;
    body.push(literal);
    if (cursor.kind === ';') {
      cursor.advance();
    } else if (cursor.kind === end) {
      return Object.freeze(body);
    } else if (!cursor.token.newlineBefore) {
      if (cursor.diagnostics.length > reported) return undefined;
      hintMissingImport(cursor);
      return cursor.unexpected(`expected \\n or ; or ${kindName(end)}`);
    }
  }
}

/** One literal of a body: an expression, maybe negated, with its `with` modifiers; or a chain of `and` and `or`. */
export function parseLiteral(cursor: Cursor, index = 0): Expression | undefined {
  const first = cursor.token;
  const expression = readLiteral(cursor, index);
  if (!expression) return undefined;
  // Most are whole as they were read: trees are large enough without copies.
  const { start, end } = expression.location;
  if (expression.kind === 'term-expression' && expression.index === index && start === first.start) {
    if (end === cursor.previous.end) return expression;
  }
  // A declaration's place is its first word, whatever follows.
  const location = cursor.span(first);
  if (expression.kind !== 'not' || expression.explicit) return node({ ...expression, index, location });
  const body = expression.body.map((inner) => node({ ...inner, location }));
  return node({ ...expression, body: Object.freeze(body), index, location });
}

function readLiteral(cursor: Cursor, index: number): Expression | undefined {
  const lead = readLogicalLead(cursor);
  if (lead) return lead.expression;
  if (takeKeywordReference(cursor)) return parseExpressionLiteral(cursor, undefined, index);
  const word = isNot(cursor) ? cursor.token : undefined;
  if (word) cursor.advance();
  if (word && cursor.wideNot && cursor.is('{')) {
    const negation = parseNotBody(cursor, cursor.at(word));
    return negation && foldTail(cursor, negation);
  }
  if (cursor.is('some')) return word ? cursor.unexpected("illegal negation of 'some'") : parseSome(cursor);
  if (cursor.is('every')) return word ? cursor.unexpected("illegal negation of 'every'") : parseEvery(cursor);
  return parseExpressionLiteral(cursor, word, index);
}

/** A literal that starts with a body or a group as the first operand; `undefined` where the brace or parenthesis is none. */
function readLogicalLead(cursor: Cursor): { readonly expression: Expression | undefined } | undefined {
  if (!cursor.is('{', '(') || !hasLogicalKeywords(cursor) || cursor.isPlain) return undefined;
  if (cursor.is('(')) {
    const group = parseGroup(cursor, false, '');
    return group && { expression: group.operand && foldTail(cursor, group.operand) };
  }
  const open = cursor.token;
  const before = cursor.mark();
  const body = parseOperandBraces(cursor);
  if (!body || !isOperator(cursor)) {
    cursor.reset(before);
    cursor.markPlain(before);
    return undefined;
  }
  if (isAmbiguousUnion(cursor, body)) {
    reportAmbiguousUnion(cursor, open, body, '');
    return { expression: undefined };
  }
  const chain = parseChain(cursor, { body, explicit: true, location: cursor.at(open) });
  return { expression: attachWith(cursor, chain) };
}

/** An expression with its modifiers, after the word `not` where that is given. */
function parseExpressionLiteral(
  cursor: Cursor,
  word: Token | undefined,
  index: number,
): Expression | undefined {
  if (word && cursor.wideNot && cursor.is('(')) {
    const group = parseGroup(cursor, true, 'not ');
    if (group) return group.operand && foldTail(cursor, notOperand(cursor, group.operand, word));
  }
  const first = cursor.token;
  const before = cursor.mark();
  const bare = parseBareExpression(cursor, index);
  if (!bare) return undefined;
  const { end } = cursor.previous;
  const modifier = cursor.is('with') ? cursor.token : undefined;
  const modifiers = parseWiths(cursor);
  if (!modifiers) return undefined;
  hintEvery(cursor, bare, before);
  if (!isOperator(cursor)) return modified(cursor, bare, word, modifiers);
  if (modifier) {
    reportWithOnOperand(cursor, modifier);
    return undefined;
  }
  if (!word && cursor.text[first.start] === '{') {
    const operand = { ...cursor.span(first), end };
    if (isEmptyObject(bare)) return cursor.fail('found empty body', operand);
    reportBraceLedOperand(cursor, operand, cursor.kind);
    return undefined;
  }
  return attachWith(cursor, parseChain(cursor, operandOf(cursor, bare, word, first)));
}

function modified(
  cursor: Cursor,
  bare: Expression,
  word: Token | undefined,
  modifiers: readonly With[],
): Expression {
  if (!word && modifiers.length === 0) return bare;
  if (!word || !cursor.wideNot) return node({ ...bare, negated: word !== undefined, with: modifiers });
  const common = { negated: false, with: modifiers, index: 0, location: cursor.span(word) };
  return node({
    kind: 'not',
    body: Object.freeze([node({ ...bare, index: 0 })]),
    explicit: false,
    ...common,
  });
}

function operandOf(cursor: Cursor, bare: Expression, word: Token | undefined, first: Token): Operand {
  const location = cursor.span(first);
  const operand = { body: [node({ ...bare, index: 0, location })], explicit: false, location };
  if (!word) return operand;
  if (cursor.wideNot) return notOperand(cursor, operand, word);
  return { ...operand, body: [node({ ...bare, negated: true, index: 0, location })] };
}

function isEmptyObject(expression: Expression): boolean {
  return (
    expression.kind === 'term-expression' &&
    expression.term.kind === 'object' &&
    expression.term.entries.length === 0
  );
}

/** In v0 `every x in xs { … }` needs an import: says so if the text would read that way with it. */
function hintEvery(cursor: Cursor, bare: Expression, before: Mark): void {
  if (cursor.version !== 0 || bare.kind !== 'term-expression') return;
  if (bare.term.kind !== 'var' || bare.term.name !== 'every') return;
  const would = cursor.wouldRead(() => {
    cursor.reset(before);
    return parseEvery(cursor);
  });
  if (would) cursor.hint('`import future.keywords.every` for `every x in xs { ... }` expressions');
}

const HINTS = new Map([
  ['in', 'x in xs'],
  ['and', 'x and y'],
  ['or', 'x or y'],
]);

/** A word that would be an operator after an import, or the comma of `k, v in xs`. */
function hintMissingImport(cursor: Cursor): void {
  if (cursor.hasHints) return;
  let word = cursor.kind === 'identifier' ? cursor.token.text : '';
  if (cursor.kind === ',' && cursor.wouldRead(() => readMembership(cursor))) word = 'in';
  const example = HINTS.get(word);
  if (example) cursor.hint(`\`import future.keywords.${word}\` for \`${example}\` expressions`);
}

function readMembership(cursor: Cursor): Term | undefined {
  cursor.advance();
  const term = cursor.grammar.infix(cursor);
  return term?.kind === 'call' && term.operator[0] === 'internal' ? term : undefined;
}
