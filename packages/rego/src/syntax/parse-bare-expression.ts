import type { Expression, Location, Term } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { node } from './nodes.ts';
import type { TokenKind } from './token.ts';

/** An expression without negation and modifiers. */
export function parseBareExpression(cursor: Cursor): Expression | undefined {
  const first = cursor.token;
  const left = cursor.grammar.infix(cursor);
  if (!left) return undefined;
  const operator = cursor.kind;
  const operatorLocation = cursor.at(cursor.token);
  let right: Term | undefined;
  if (operator === ':=' || operator === '=') {
    cursor.advance();
    right = cursor.grammar.infix(cursor);
    if (!right) return undefined;
  }
  return expressionOf(left, operator, right, {
    negated: false,
    with: [],
    index: 0,
    operatorLocation,
    location: cursor.span(first),
  });
}

type Common = Pick<Expression, 'negated' | 'index' | 'with' | 'location'>;

function expressionOf(
  left: Term,
  operator: TokenKind,
  right: Term | undefined,
  { operatorLocation, ...common }: Common & { readonly operatorLocation: Location },
): Expression {
  if (right)
    return node({ kind: operator === '=' ? 'unify' : 'assign', left, right, operatorLocation, ...common });
  // `eq(a, b)` and `assign(a, b)` are the same builtins that `=` and `:=` stand for.
  if (left.kind === 'call' && left.args.length === 2 && left.operator.length === 1) {
    const name = left.operator[0];
    const operands = { left: left.args[0]!, right: left.args[1]!, operatorLocation: left.operatorLocation };
    if (name === 'eq') return node({ kind: 'unify', ...operands, ...common });
    if (name === 'assign') return node({ kind: 'assign', ...operands, ...common });
  }
  return node({ kind: 'term-expression', term: left, ...common });
}
