import type { With } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { node } from './nodes.ts';

/** The `with target as value` modifiers that stand here; none is fine. */
export function parseWiths(cursor: Cursor): readonly With[] | undefined {
  const modifiers: With[] = [];
  while (cursor.kind === 'with') {
    const first = cursor.token;
    cursor.advance();
    if (!cursor.is('identifier')) return cursor.unexpected('expected ident');
    const target = cursor.grammar.term(cursor);
    if (!target) return undefined;
    if (target.kind !== 'ref' && target.kind !== 'var') return cursor.unexpected('expected with target path');
    if (!cursor.is('as')) return cursor.unexpected('expected as keyword');
    cursor.advance();
    const value = cursor.grammar.infix(cursor);
    if (!value) return undefined;
    modifiers.push(node({ target, value, location: cursor.span(first) }));
  }
  return Object.freeze(modifiers);
}
