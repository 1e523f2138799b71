import type { Expression, Location, Term, With } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { node } from './nodes.ts';

/** An expression without negation and modifiers; `index` is its place in the body. */
export function parseBareExpression(cursor: Cursor, index = 0): Expression | undefined {
  const first = cursor.token;
  const left = cursor.grammar.infix(cursor);
  if (!left) return undefined;
  const { kind: operator, token } = cursor;
  if (operator !== ':=' && operator !== '=') {
    // Trees are large enough without two places that are the same.
    const { location } = left;
    const isWhole = location.start === first.start && location.end === cursor.previous.end;
    return termExpression(left, index, isWhole ? location : cursor.span(first));
  }
  cursor.advance();
  const right = cursor.grammar.infix(cursor);
  if (!right) return undefined;
  const kind = operator === '=' ? 'unify' : 'assign';
  const common = { negated: false, with: NO_MODIFIERS, index, location: cursor.span(first) };
  return node({ kind, left, right, operatorLocation: cursor.at(token), ...common });
}

const NO_MODIFIERS: readonly With[] = Object.freeze([]);

function termExpression(term: Term, index: number, location: Location): Expression {
  // `eq(a, b)` and `assign(a, b)` are the same builtins that `=` and `:=` stand for.
  if (term.kind === 'call' && term.args.length === 2 && term.operator.length === 1) {
    const [name] = term.operator;
    if (name === 'eq' || name === 'assign') {
      const [left, right] = term.args as [Term, Term];
      const kind = name === 'eq' ? 'unify' : 'assign';
      const { operatorLocation } = term;
      const common = { negated: false, with: NO_MODIFIERS, index, location };
      return node({ kind, left, right, operatorLocation, ...common });
    }
  }
  return node({ kind: 'term-expression', term, negated: false, with: NO_MODIFIERS, index, location });
}
