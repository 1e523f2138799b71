import type { Body, Expression, Term, With } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { node } from './nodes.ts';
import { parseEvery, parseSome } from './parse-quantifier.ts';
import { takeKeywordReference } from './parse-reference.ts';
import { parseWiths } from './parse-with.ts';
import { refuseLogicalGroup, refuseLogicalOperator, refuseWideNot } from './refuse-logical.ts';
import { kindName, type TokenKind } from './token.ts';

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

/** One literal of a body: an expression, maybe negated, with its `with` modifiers. */
export function parseLiteral(cursor: Cursor, index = 0): Expression | undefined {
  if (refuseLogicalGroup(cursor)) return undefined;
  if (takeKeywordReference(cursor)) return parseExpressionLiteral(cursor, index, false);
  const negated = cursor.kind === 'not';
  const first = cursor.token;
  if (negated) cursor.advance();
  if (negated && refuseLogicalGroup(cursor)) return undefined;
  if (negated && cursor.wideNot && cursor.kind === '{')
    return cursor.unsupported('a body after `not`', first);
  if (cursor.kind === 'some') {
    if (negated) return cursor.unexpected("illegal negation of 'some'");
    return parseSome(cursor, index);
  } else if (cursor.kind === 'every') {
    if (negated) return cursor.unexpected("illegal negation of 'every'");
    return parseEvery(cursor, index);
  }
  return parseExpressionLiteral(cursor, index, negated, first);
}

function parseExpressionLiteral(
  cursor: Cursor,
  index: number,
  negated: boolean,
  first = cursor.token,
): Expression | undefined {
  const left = cursor.grammar.infix(cursor);
  if (!left) return undefined;
  const operator = cursor.kind;
  let right: Term | undefined;
  if (operator === ':=' || operator === '=') {
    cursor.advance();
    right = cursor.grammar.infix(cursor);
    if (!right) return undefined;
  }
  const modifiers = parseWiths(cursor);
  if (!modifiers) return undefined;
  const common = { negated, with: modifiers, index, location: cursor.span(first) };
  if (refuseLogicalOperator(cursor)) return undefined;
  const expression = expressionOf(left, operator, right, common);
  return negated && refuseWideNot(cursor, expression) ? undefined : expression;
}

type Common = Pick<Expression, 'negated' | 'index' | 'location'> & { readonly with: readonly With[] };

function expressionOf(left: Term, operator: TokenKind, right: Term | undefined, common: Common): Expression {
  if (right) return node({ kind: operator === '=' ? 'unify' : 'assign', left, right, ...common });
  // `eq(a, b)` and `assign(a, b)` are the same builtins that `=` and `:=` stand for.
  if (left.kind === 'call' && left.args.length === 2 && left.operator.length === 1) {
    const name = left.operator[0];
    const [first, second] = [left.args[0]!, left.args[1]!];
    if (name === 'eq') return node({ kind: 'unify', left: first, right: second, ...common });
    if (name === 'assign') return node({ kind: 'assign', left: first, right: second, ...common });
  }
  return node({ kind: 'term-expression', term: left, ...common });
}

const HINTS = new Map([
  ['in', 'x in xs'],
  ['and', 'x and y'],
  ['or', 'x or y'],
]);

/** A word that would be an operator after an import. */
function hintMissingImport(cursor: Cursor): void {
  const word = cursor.kind === 'identifier' ? cursor.token.text : '';
  const example = HINTS.get(word);
  if (example) cursor.hint(`\`import future.keywords.${word}\` for \`${example}\` expressions`);
}
