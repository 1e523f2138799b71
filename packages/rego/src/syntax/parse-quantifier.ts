import type { Expression, Term, VarTerm } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { node } from './nodes.ts';
import { parseVar } from './parse-reference.ts';
import { parseWiths } from './parse-with.ts';

/** `value in collection` or `key, value in collection`, taken out of the membership call that it reads as. */
interface Membership {
  readonly key?: Term;
  readonly value: Term;
  readonly collection: Term;
}

function membershipOf(term: Term): Membership | undefined {
  if (term.kind !== 'call' || term.operator[0] !== 'internal') return undefined;
  const [first, second, third] = term.args;
  if (term.operator[1] === 'member_2' && first && second) return { value: first, collection: second };
  if (term.operator[1] === 'member_3' && first && second && third)
    return { key: first, value: second, collection: third };
  return undefined;
}

/** `some x, y` or `some k, v in xs`; the cursor stands on `some`. */
export function parseSome(cursor: Cursor): Expression | undefined {
  const first = cursor.token;
  const before = cursor.mark();
  cursor.advance();
  const term = cursor.grammar.infix(cursor);
  if (term?.kind === 'call') {
    const membership = membershipOf(term);
    if (!membership) return cursor.unexpected('expected `x in xs` or `x, y in xs` expression');
    const modifiers = parseWiths(cursor);
    if (!modifiers) return undefined;
    const location = cursor.span(first);
    return node({
      kind: 'some-in',
      ...membership,
      membership: term,
      negated: false,
      with: modifiers,
      index: 0,
      location,
    });
  }
  cursor.reset(before);
  hintMembership(cursor);
  return parseDeclaration(cursor);
}

function parseDeclaration(cursor: Cursor): Expression | undefined {
  const first = cursor.token;
  const names: VarTerm[] = [];
  do {
    cursor.advance();
    if (cursor.kind !== 'identifier') return cursor.unexpected('expected var');
    names.push(parseVar(cursor));
  } while (cursor.is(','));
  const location = cursor.span(first);
  return node({ kind: 'some', names: Object.freeze(names), negated: false, with: [], index: 0, location });
}

/** In v0 `some x in xs` needs an import: says so if the text would read that way with it. */
function hintMembership(cursor: Cursor): void {
  if (cursor.version !== 0) return;
  const would = cursor.wouldRead(() => {
    cursor.advance();
    const term = cursor.grammar.infix(cursor);
    return term && membershipOf(term);
  });
  if (would) cursor.hint('`import future.keywords.in` for `some x in xs` expressions');
}

/** `every k, v in xs { … }`; the cursor stands on `every`. */
export function parseEvery(cursor: Cursor): Expression | undefined {
  const first = cursor.token;
  cursor.advance();
  const term = cursor.grammar.infix(cursor);
  if (!term) return undefined;
  const membership = membershipOf(term);
  if (!membership) return cursor.unexpected('expected `x[, y] in xs { ... }` expression');
  const { key, value, collection } = membership;
  if (key && key.kind !== 'var') return cursor.unexpected('expected key to be a variable');
  if (value.kind !== 'var') return cursor.unexpected('expected value to be a variable');
  if (cursor.kind !== '{') return cursor.unexpected('missing body');
  cursor.advance();
  const body = cursor.grammar.body(cursor, '}');
  if (!body) return undefined;
  cursor.advance();
  const modifiers = parseWiths(cursor);
  if (!modifiers) return undefined;
  const common = { negated: false, with: modifiers, index: 0, location: cursor.span(first) };
  return node({ kind: 'every', ...(key && { key }), value, collection, body, ...common });
}
