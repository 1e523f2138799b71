import type { Expression, Term } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { node } from './nodes.ts';
import { unescapeText } from './parse-scalar.ts';
import type { Token } from './token.ts';

/** What an expression in a template may not be, in OPA's words. */
const REFUSED: Record<Exclude<Expression['kind'], 'term-expression'>, string> = {
  unify: "unexpected unification ('=') in template-string expression",
  assign: "unexpected assignment (':=') in template-string expression",
  every: "unexpected 'every' in template-string expression",
  some: "unexpected 'some' in template-string expression",
  'some-in': "unexpected 'some' in template-string expression",
};

/** `$"…{expression}…"` and its raw form; the cursor stands on the first part. */
export function parseTemplate(cursor: Cursor): Term | undefined {
  const first = cursor.token;
  const parts: (string | Term)[] = [];
  for (;;) {
    const text = partText(cursor.token, cursor.token === first);
    if (text === undefined) return cursor.fail(`illegal template-string part: ${cursor.token.text}`);
    if (text !== '') parts.push(text);
    const isEnd = cursor.kind.endsWith('-end');
    cursor.advance();
    if (isEnd) break;
    const term = parsePart(cursor);
    if (!term) return undefined;
    parts.push(term);
  }
  return node({ kind: 'template-string', parts: Object.freeze(parts), location: cursor.span(first) });
}

/** The first part starts with `$` and a quote, the others with the brace that closed an expression. */
function partText(token: Token, isFirst: boolean): string | undefined {
  const inner = token.text.slice(isFirst ? 2 : 1, -1);
  if (token.kind.startsWith('raw')) return inner.replaceAll('\\{', '{').toWellFormed();
  return unescapeText(inner.replace(/\\(.)/gs, (whole, next) => (next === '{' ? '{' : whole)));
}

function parsePart(cursor: Cursor): Term | undefined {
  const expression = cursor.grammar.literal(cursor);
  if (!expression) return cursor.fail('invalid template-string expression');
  const { location } = expression;
  if (expression.negated)
    return cursor.fail("unexpected negation ('not') in template-string expression", location);
  if (expression.kind !== 'term-expression') return cursor.fail(REFUSED[expression.kind], location);
  if (expression.with.length > 0) return cursor.unsupported('`with` in a template string', location);
  if (cursor.kind !== '}') return cursor.fail('expected } to end template string expression');
  cursor.advance();
  return expression.term;
}
