import type { Term } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { noteGroup } from './groups.ts';
import { callTerm, node } from './nodes.ts';
import { parseArray, parseBraced } from './parse-collection.ts';
import { isTail, parseTail, parseVar } from './parse-reference.ts';
import { parseConstant, parseNumber, parseString } from './parse-scalar.ts';
import { parseTemplate } from './parse-template.ts';
import type { TokenKind } from './token.ts';

type Production = (cursor: Cursor) => Term | undefined;

/** What a term can start with. */
const PRODUCTIONS: Partial<Record<TokenKind, Production>> = {
  null: parseConstant,
  true: parseConstant,
  false: parseConstant,
  number: parseNumber,
  '.': parseNumber,
  '-': parseNumber,
  string: parseString,
  'template-string-part': parseTemplate,
  'template-string-end': parseTemplate,
  'raw-template-string-part': parseTemplate,
  'raw-template-string-end': parseTemplate,
  identifier: parseVar,
  // Outside a rule's head `contains` is a name like any other: `contains("ab", "a")`.
  contains: parseVar,
  '[': parseArray,
  '{': parseBraced,
  '(': parseGroup,
};

/** Terms of so few tokens are as soon read again as remembered. */
const REMEMBERED_MIN = 4;

/** A term without operators: a scalar, variable, collection or group, with the references and calls that follow it. */
export function parseTerm(cursor: Cursor): Term | undefined {
  const known = cursor.recall();
  if (known) return known;
  if (!cursor.enter()) return undefined;
  const { index: start } = cursor;
  const reported = cursor.diagnostics.length;
  const term = isNegatedName(cursor) ? parseNegated(cursor) : parseFinished(cursor);
  cursor.leave();
  // A faulty reading is not kept: the place may be read another way, as a name instead of a keyword for one.
  const isLong = cursor.index - start > REMEMBERED_MIN;
  if (term && isLong && cursor.diagnostics.length === reported) cursor.remember(start, term);
  return term;
}

function parseFinished(cursor: Cursor): Term | undefined {
  // With `import future.keywords`, `and(` and `or(` still call the builtins of sets.
  const isCall = cursor.kind === 'and' || cursor.kind === 'or';
  if (isCall && cursor.ahead().kind === '(' && !cursor.ahead().spaceBefore) cursor.asIdentifier();
  const production = PRODUCTIONS[cursor.kind];
  if (!production) return cursor.unexpected();
  const head = production(cursor);
  return head && isTail(cursor) ? parseTail(cursor, head) : head;
}

function isNegatedName(cursor: Cursor): boolean {
  if (cursor.kind !== '-') return false;
  const following = cursor.kindOf(cursor.ahead());
  return following === 'identifier' || following === 'contains';
}

/** `-x` is `0 - x`. */
function parseNegated(cursor: Cursor): Term | undefined {
  const sign = cursor.token;
  cursor.advance();
  const term = parseFinished(cursor);
  if (!term) return undefined;
  const location = cursor.at(sign);
  const zero = node({ kind: 'number', text: '0', location } as const);
  return callTerm(['minus'], location, [zero, term], cursor.span(sign));
}

function parseGroup(cursor: Cursor): Term | undefined {
  const open = cursor.token;
  cursor.advance();
  const term = cursor.grammar.infix(cursor);
  if (!term) return undefined;
  if (cursor.kind !== ')') return cursor.fail('non-terminated expression');
  cursor.advance();
  noteGroup(term, { start: open.start, end: cursor.previous.end });
  return term;
}
