import type { RefTerm, Term, VarTerm } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { callTerm, isRefLike, node, stringTerm, termName, varTerm } from './nodes.ts';
import { parseItems } from './parse-items.ts';
import { isKeywordKind, keywordsOf } from './token.ts';

/** A keyword that the grammar lets stand as a name in a reference (OPA feature `keywords_in_refs`). */
export function isNameKeyword(cursor: Cursor): boolean {
  return (
    isKeywordKind(cursor.kind) &&
    (keywordsOf(cursor.version).has(cursor.kind) || cursor.isKeyword(cursor.kind))
  );
}

/** The token after the present one goes on a reference: `.` or `[` without white space. */
export function isReferenceAhead(cursor: Cursor): boolean {
  const following = cursor.ahead();
  return !following.spaceBefore && (following.kind === '.' || following.kind === '[');
}

/** Reads the present keyword as a name if a reference goes on after it (`default.x`, `not[1]`). */
export function takeKeywordReference(cursor: Cursor): boolean {
  if (!isNameKeyword(cursor) || !isReferenceAhead(cursor)) return false;
  cursor.asIdentifier();
  return true;
}

export function parseVar(cursor: Cursor): VarTerm {
  const token = cursor.token;
  const name = token.text === '_' ? cursor.wildcard() : token.text;
  cursor.advance();
  return varTerm(name, cursor.at(token));
}

/** A term goes on here: `(`, `.` or `[`, and (unless a rule's head is read) no white space before it. */
export function isTail(cursor: Cursor, spaced = false): boolean {
  const { kind } = cursor;
  return (spaced || !cursor.token.spaceBefore) && (kind === '(' || kind === '.' || kind === '[');
}

/** Reads what follows a head: `.name`, `[term]` and calls. The first step may stand after white space where `isTail` said so. */
export function parseTail(cursor: Cursor, head: Term): Term | undefined {
  if (!cursor.enter()) return undefined;
  const result = steps(cursor, head);
  cursor.leave();
  return result;
}

function steps(cursor: Cursor, head: Term): Term | undefined {
  if (!canHeadReference(head)) cursor.fail(`illegal ref (head cannot be ${termName(head)})`, head.location);
  const parts: Term[] = [];
  do {
    if (cursor.kind === '(') return parseCall(cursor, head, parts);
    const part = cursor.kind === '.' ? parseDot(cursor) : parseBracket(cursor);
    if (!part) return undefined;
    parts.push(part);
  } while (isTail(cursor));
  return refTerm(cursor, head, parts);
}

function refTerm(cursor: Cursor, head: Term, parts: readonly Term[]): RefTerm {
  return node({ kind: 'ref', head, parts: Object.freeze([...parts]), location: cursor.span(head.location) });
}

function canHeadReference(term: Term): boolean {
  switch (term.kind) {
    case 'null':
    case 'boolean':
    case 'number':
    case 'string':
    case 'template-string':
      return false;
    case 'ref':
      return false;
    default:
      return !isRefLike(term) || term.kind === 'var';
  }
}

function parseDot(cursor: Cursor): Term | undefined {
  cursor.advance();
  if (cursor.token.spaceBefore) {
    const { start, end, row, column } = cursor.previous;
    const isLineEnd = cursor.text[end] === '\n';
    const place = isLineEnd ? { row: row + 1, column: 0 } : { row, column: column + end - start };
    return cursor.fail('unexpected whitespace token: expected identifier', {
      file: cursor.file,
      ...place,
      start: end,
      end: end + 1,
    });
  }
  if (cursor.kind !== 'identifier' && !isNameKeyword(cursor)) return cursor.unexpected('expected identifier');
  const token = cursor.token;
  cursor.advance();
  return stringTerm(token.text, cursor.at(token));
}

function parseBracket(cursor: Cursor): Term | undefined {
  cursor.advance();
  const part = cursor.grammar.infix(cursor);
  if (!part) return undefined;
  if (cursor.kind !== ']') return cursor.unexpected('expected [');
  cursor.advance();
  return part;
}

function parseCall(cursor: Cursor, head: Term, parts: readonly Term[]): Term | undefined {
  const operatorLocation = cursor.span(head.location);
  cursor.advance();
  const args = parseItems(cursor, ')', []);
  if (!args) return undefined;
  cursor.advance();
  const location = cursor.span(head.location);
  const operator = operatorPath(head, parts);
  if (!operator) {
    const written = cursor.text.slice(operatorLocation.start, operatorLocation.end);
    return cursor.report('rego_type_error', `undefined function ${written}`, operatorLocation);
  }
  const call: Term =
    operator.length === 1 && operator[0] === 'set' && args.length === 0
      ? node({ kind: 'set', items: args, location })
      : callTerm(
          operator,
          operatorLocation,
          args,
          location,
          [head, ...parts].map((step) => step.location),
        );
  return isTail(cursor) && cursor.kind !== '(' ? parseTail(cursor, call) : call;
}

/** The dotted path of a function; a function cannot be chosen by a computed reference. */
function operatorPath(head: Term, parts: readonly Term[]): string[] | undefined {
  if (head.kind !== 'var') return undefined;
  const path = [head.name];
  for (const part of parts) {
    if (part.kind !== 'string') return undefined;
    path.push(part.value);
  }
  return path;
}
