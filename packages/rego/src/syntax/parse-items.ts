import type { Term } from './ast.ts';
import type { Cursor } from './cursor.ts';
import type { TokenKind } from './token.ts';

type Entry = readonly [key: Term, value: Term];

/** Terms separated by commas up to, not including, `end`; a comma may stand after the last one. */
export function parseItems(
  cursor: Cursor,
  end: TokenKind,
  first: readonly Term[],
): readonly Term[] | undefined {
  const items = [...first];
  while (cursor.kind !== end) {
    const item = cursor.grammar.infix(cursor, { list: true });
    if (!item) return undefined;
    items.push(item);
    if (!separator(cursor, end)) return undefined;
  }
  return Object.freeze(items);
}

/** `key: value` pairs, like {@link parseItems}. */
export function parseEntries(
  cursor: Cursor,
  end: TokenKind,
  first: readonly Entry[],
): readonly Entry[] | undefined {
  const entries = [...first];
  while (cursor.kind !== end) {
    const key = cursor.grammar.infix(cursor, { list: true });
    if (!key) return undefined;
    if (cursor.kind !== ':') return cursor.unexpected('expected ":"');
    cursor.advance();
    const value = cursor.grammar.infix(cursor, { list: true });
    if (!value) return undefined;
    entries.push([key, value]);
    if (!separator(cursor, end)) return undefined;
  }
  return Object.freeze(entries);
}

function separator(cursor: Cursor, end: TokenKind): boolean {
  if (cursor.kind === ',') {
    cursor.advance();
    return true;
  }
  if (cursor.kind === end) return true;
  cursor.unexpected(`expected "," or "${end}"`);
  return false;
}
