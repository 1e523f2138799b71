import type { Body, Term } from './ast.ts';
import type { Cursor, Mark } from './cursor.ts';
import { node } from './nodes.ts';
import { parseEntries, parseItems } from './parse-items.ts';
import type { Token, TokenKind } from './token.ts';

/**
 * Arrays, objects, sets and their comprehensions. `{a | b}` could be a comprehension or a set that holds a union: it is
 * a comprehension, as in OPA, unless its body cannot be one and a comma shows a list.
 */

/** The outcome of trying a comprehension: its body, a fault that was reported, or a list after all. */
type Attempt = Body | 'failed' | 'list';

function attemptBody(cursor: Cursor, end: TokenKind, before: Mark): Attempt {
  cursor.advance();
  const body = cursor.grammar.body(cursor, end);
  if (body) {
    cursor.advance();
    return body;
  }
  if (cursor.kind !== ',') return 'failed';
  cursor.reset(before);
  return 'list';
}

/** A leading comma was allowed by early versions of the language and rules a comprehension out. */
function skipLeadingComma(cursor: Cursor): boolean {
  if (cursor.kind !== ',') return false;
  cursor.advance();
  return true;
}

export function parseArray(cursor: Cursor): Term | undefined {
  const open = cursor.token;
  cursor.advance();
  if (cursor.kind === ']') return finishArray(cursor, open, []);
  const listOnly = skipLeadingComma(cursor);
  const before = cursor.mark();
  const first = cursor.grammar.term(cursor);
  if (!first) return undefined;
  if (cursor.kind === '|' && !listOnly) {
    const body = attemptBody(cursor, ']', before);
    if (body === 'failed') return undefined;
    if (body === 'list') return finishArray(cursor, open, []);
    return node({ kind: 'array-comprehension', term: first, body, location: cursor.span(open) });
  }
  const item = cursor.grammar.infix(cursor, { first, list: true });
  return item && finishArray(cursor, open, [item]);
}

function finishArray(cursor: Cursor, open: Token, first: readonly Term[]): Term | undefined {
  const items = restOfItems(cursor, ']', first);
  return items && node({ kind: 'array', items, location: cursor.span(open) });
}

function restOfItems(cursor: Cursor, end: TokenKind, first: readonly Term[]): readonly Term[] | undefined {
  if (first.length > 0 && cursor.kind !== end) {
    if (cursor.kind !== ',') return cursor.unexpected(`expected "," or "${end}"`);
    cursor.advance();
  }
  const items = parseItems(cursor, end, first);
  if (items) cursor.advance();
  return items;
}

export function parseBraced(cursor: Cursor): Term | undefined {
  const open = cursor.token;
  cursor.advance();
  if (cursor.kind === '}') {
    cursor.advance();
    return node({ kind: 'object', entries: [], location: cursor.span(open) });
  }
  const listOnly = skipLeadingComma(cursor);
  const before = cursor.mark();
  const head = cursor.grammar.term(cursor);
  if (!head) return undefined;
  if (cursor.kind === '|' && !listOnly) {
    const body = attemptBody(cursor, '}', before);
    if (body === 'failed') return undefined;
    if (body === 'list') return finishSet(cursor, open, []);
    return node({ kind: 'set-comprehension', term: head, body, location: cursor.span(open) });
  }
  const first = cursor.grammar.infix(cursor, { first: head, list: true });
  if (!first) return undefined;
  if (cursor.is('}', ',')) return finishSet(cursor, open, [first]);
  if (cursor.kind === ':') return parseObject(cursor, open, first, listOnly);
  return cursor.unexpected('non-terminated set');
}

function finishSet(cursor: Cursor, open: Token, first: readonly Term[]): Term | undefined {
  const items = restOfItems(cursor, '}', first);
  return items && node({ kind: 'set', items, location: cursor.span(open) });
}

function parseObject(cursor: Cursor, open: Token, key: Term, listOnly: boolean): Term | undefined {
  cursor.advance();
  const before = cursor.mark();
  const head = cursor.grammar.term(cursor);
  if (!head) return undefined;
  if (cursor.kind === '|' && !listOnly) {
    cursor.advance();
    const body = cursor.grammar.body(cursor, '}');
    if (body) {
      cursor.advance();
      return node({ kind: 'object-comprehension', key, value: head, body, location: cursor.span(open) });
    }
    cursor.reset(before);
    cursor.grammar.term(cursor);
  }
  const value = cursor.grammar.infix(cursor, { first: head, list: true });
  if (!value) return undefined;
  if (!cursor.is('}', ',')) return cursor.unexpected('non-terminated object');
  if (cursor.is(',')) cursor.advance();
  const entries = parseEntries(cursor, '}', [[key, value]]);
  if (!entries) return undefined;
  cursor.advance();
  return node({ kind: 'object', entries, location: cursor.span(open) });
}
