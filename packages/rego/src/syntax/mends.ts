import type { Body, Expression } from './ast.ts';
import type { Cursor, Mark, Mend } from './cursor.ts';
import { parseLiteral } from './parse-expression.ts';
import { parseWiths } from './parse-with.ts';
import type { Token } from './token.ts';

/**
 * Two slips that printed policies make often. OPA stops at a bare "unexpected token"; here the rest of the rule is read
 * as it was meant, so that the diagnostic can show the mend and the rules after it are checked too.
 */

/** `if a; b` without braces: the body ends at the semicolon. Reports and gives the body that was meant. */
export function mendMissingBraces(cursor: Cursor, first: Expression): Body | undefined {
  const semicolon = cursor.token;
  const before = cursor.mark();
  const body = [first];
  while (cursor.kind === ';') {
    cursor.advance();
    const literal = parseLiteral(cursor, body.length);
    if (!literal) return giveUp(cursor, before);
    body.push(literal);
  }
  const { start } = first.location;
  const { end } = cursor.previous;
  const text = `{ ${cursor.text.slice(start, end)} }`;
  cursor.fail('unexpected ; token', semicolon, {
    cause: 'without braces a body is one literal; `;` separates the literals of a body in braces',
    help: `write \`if ${text}\``,
    replacement: { start, end, text },
  });
  return body;
}

function giveUp(cursor: Cursor, before: Mark): undefined {
  cursor.reset(before);
  return cursor.unexpected(undefined, {
    cause: 'without braces a body is one literal; `;` separates the literals of a body in braces',
  });
}

/** `{ … } with input as x` after a rule's body: reports; the cursor is after the modifiers then. */
export function mendTrailingWith(cursor: Cursor, open: Token, body: Body): boolean {
  const word = cursor.token;
  const before = cursor.mark();
  if (!parseWiths(cursor)) {
    cursor.reset(before);
    cursor.unexpected(undefined, MISPLACED);
    return false;
  }
  const { end } = cursor.previous;
  const modifiers = cursor.text.slice(word.start, end);
  cursor.fail('unexpected with keyword', word, {
    ...MISPLACED,
    help: `move \`${oneLine(modifiers)}\` behind each literal of the body`,
    replacement: { start: open.start, end, text: withEach(cursor.text, open, word, body, modifiers) },
  });
  return true;
}

const MISPLACED: Mend = { cause: '`with` belongs to a literal, and a body in braces is not one' };

/** The body's text with the modifiers behind each literal that can take them. */
function withEach(text: string, open: Token, word: Token, body: Body, modifiers: string): string {
  let result = '';
  let from = open.start;
  for (const { kind, location } of body) {
    if (kind === 'some') continue;
    result += `${text.slice(from, location.end)} ${modifiers}`;
    from = location.end;
  }
  return result + text.slice(from, word.start).trimEnd();
}

function oneLine(text: string): string {
  const flat = text.replace(/\s+/g, ' ');
  return flat.length > 60 ? `${flat.slice(0, 57)}...` : flat;
}
