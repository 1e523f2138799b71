import type { Expression, Location, Scalar, Term } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { node, stringTerm } from './nodes.ts';
import { unescapeText } from './parse-scalar.ts';
import type { Token } from './token.ts';

/** What an expression in a template may not be, in OPA's words. */
const REFUSED: Partial<Record<Expression['kind'], string>> = {
  unify: "unexpected unification ('=') in template-string expression",
  assign: "unexpected assignment (':=') in template-string expression",
  every: "unexpected 'every' in template-string expression",
  some: "unexpected 'some' in template-string expression",
  'some-in': "unexpected 'some' in template-string expression",
};

/** `$"…{expression}…"` and its raw form; the cursor stands on the first part. */
export function parseTemplate(cursor: Cursor): Term | undefined {
  const first = cursor.token;
  const parts: (Scalar | Expression)[] = [];
  for (;;) {
    const text = partText(cursor.token, cursor.token === first);
    if (text === undefined) return cursor.fail(`illegal template-string part: ${cursor.token.text}`);
    if (text !== '') parts.push(stringTerm(text, partLocation(cursor, first)));
    const isEnd = cursor.kind.endsWith('-end');
    cursor.advance();
    if (isEnd) break;
    const part = parsePart(cursor);
    if (!part) return undefined;
    parts.push(part);
  }
  const raw = first.kind.startsWith('raw');
  return node({ kind: 'template-string', raw, parts: Object.freeze(parts), location: cursor.span(first) });
}

/** The text between two expressions stands behind the brace that ends the first. */
function partLocation(cursor: Cursor, first: Token): Location {
  const location = cursor.at(cursor.token);
  if (cursor.token === first) return location;
  const start = location.start + 1;
  const isLineEnd = cursor.text[start] === '\n';
  const place = isLineEnd ? { row: location.row + 1, column: 0 } : { column: location.column + 1 };
  return Object.freeze({ ...location, ...place, start });
}

/** The first part starts with `$` and a quote, the others with the brace that closed an expression. */
function partText(token: Token, isFirst: boolean): string | undefined {
  const inner = token.text.slice(isFirst ? 2 : 1, -1);
  if (token.kind.startsWith('raw')) return inner.replaceAll('\\{', '{').toWellFormed();
  return unescapeText(inner.replace(/\\(.)/gs, (whole, next) => (next === '{' ? '{' : whole)));
}

function parsePart(cursor: Cursor): Scalar | Expression | undefined {
  // The part's token ends with the brace that opens the expression.
  const before = cursor.previous.end;
  const first = cursor.token;
  const expression = cursor.grammar.literal(cursor);
  if (!expression) return cursor.fail('invalid template-string expression');
  const { location } = expression;
  if (expression.negated)
    return cursor.fail("unexpected negation ('not') in template-string expression", location);
  const refused = REFUSED[expression.kind];
  if (refused) return cursor.fail(refused, location);
  if (cursor.kind !== '}') return cursor.fail('expected } to end template string expression');
  const hasComment = cursor.text.slice(before, first.start).includes('#');
  cursor.advance();
  // As in OPA, a comment before it keeps a scalar an expression, and a scalar's modifiers are dropped.
  if (expression.kind !== 'term-expression' || hasComment || !isScalar(expression.term)) return expression;
  return expression.term;
}

function isScalar(term: Term): term is Scalar {
  return term.kind === 'null' || term.kind === 'boolean' || term.kind === 'number' || term.kind === 'string';
}
