import type { Body, Import, Package } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { reportKeywordName } from './keyword-name.ts';
import { parseLiteral } from './parse-expression.ts';
import { parseImport, parsePackage } from './parse-import.ts';
import { parseRule } from './parse-rule.ts';
import type { RuleDraft } from './rule-draft.ts';
import type { RuleTwins } from './rule-twins.ts';
import { STEP_ITEMS, type Steps } from './steps.ts';
import { isKeywordKind, type TokenKind } from './token.ts';

/** What stands at the top level of a module. A body is a statement that may turn out to define a value. */
export type Statement =
  | { readonly kind: 'package'; readonly node: Package }
  | { readonly kind: 'import'; readonly node: Import }
  | { readonly kind: 'rule'; readonly node: RuleDraft }
  | { readonly kind: 'body'; readonly node: Body };

/** Reads all statements; after a fault it goes on at the next line that can start one, so that one run shows several. */
export function* parseStatements(cursor: Cursor, twins?: RuleTwins): Steps<readonly Statement[]> {
  const statements: Statement[] = [];
  let comments = 0;
  for (let count = 0; cursor.kind !== 'eof'; count++) {
    if (count % STEP_ITEMS === 0) yield;
    const isAnnotated = holdsAnnotation(cursor.comments, comments);
    comments = cursor.comments.length;
    if (twins !== undefined && !isAnnotated && twins.take(cursor)) continue;
    const reported = cursor.diagnostics.length;
    const start = cursor.index;
    cursor.forget();
    const { token: first, wildcards: firstWildcard } = cursor;
    const read = parseStatement(cursor);
    if (twins !== undefined && !isAnnotated) {
      if (read?.[0]?.kind === 'rule' && read.length === 1 && first.column === 1) {
        const { end } = cursor.previous;
        const wildcards = cursor.wildcards - firstWildcard;
        const { node: draft } = read[0];
        const { start, row } = first;
        const hasComments = (cursor.comments[comments]?.location.start ?? end) < end;
        twins.learn({ draft, start, end, row, firstWildcard, wildcards, hasComments }, cursor.text);
      } else if (read?.[0]?.kind === 'import') twins.forget();
    }
    if (read) statements.push(...read);
    else recover(cursor, start);
    if (!read && cursor.diagnostics.length === reported) cursor.unexpected();
  }
  return statements;
}

/** Whether one of the comments from a position on may begin an annotation. */
function holdsAnnotation(comments: Cursor['comments'], from: number): boolean {
  for (let index = from; index < comments.length; index++)
    if (comments[index]!.text.includes('METADATA')) return true;
  return false;
}

function parseStatement(cursor: Cursor): readonly Statement[] | undefined {
  if (reportKeywordName(cursor)) return undefined;
  const reported = cursor.diagnostics.length;
  const before = cursor.mark();
  if (cursor.kind === 'package') {
    const node = parsePackage(cursor);
    if (node) return [{ kind: 'package', node }];
  } else if (cursor.kind === 'import') {
    const node = parseImport(cursor);
    if (node) return [{ kind: 'import', node }];
  }
  if (cursor.diagnostics.length > reported) return undefined;
  cursor.reset(before);
  const rules = parseRule(cursor);
  if (rules) return rules.map((node) => ({ kind: 'rule', node }));
  if (cursor.diagnostics.length > reported) return undefined;
  cursor.reset(before);
  const body = parseQuery(cursor);
  return body && [{ kind: 'body', node: body }];
}

/** Literals joined by `;`: a line end ends the statement. */
export function parseQuery(cursor: Cursor): Body | undefined {
  const body: Body[number][] = [];
  do {
    if (body.length > 0) cursor.advance();
    const literal = parseLiteral(cursor, body.length);
    if (!literal) return undefined;
    body.push(literal);
  } while (cursor.kind === ';');
  return Object.freeze(body);
}

/** Skips to a token in column 1 that can start a statement, outside of any bracket that the faulty one opened. */
function recover(cursor: Cursor, start: number): void {
  const failed = cursor.index;
  let depth = depthBetween(cursor, start - failed);
  const reported = cursor.diagnostics.length;
  do {
    depth += bracketDepth(cursor.kind);
    cursor.advance();
  } while (cursor.kind !== 'eof' && !(depth <= 0 && startsStatement(cursor)));
  cursor.diagnostics.length = reported;
}

/** How many brackets are open where the fault is; `distance` is negative. */
function depthBetween(cursor: Cursor, distance: number): number {
  let depth = 0;
  for (let step = distance; step < 0; step++) depth += bracketDepth(cursor.ahead(step).kind);
  return depth;
}

function bracketDepth(kind: TokenKind): number {
  if (kind === '{' || kind === '[' || kind === '(') return 1;
  return kind === '}' || kind === ']' || kind === ')' ? -1 : 0;
}

function startsStatement(cursor: Cursor): boolean {
  const { kind } = cursor;
  if (cursor.token.column !== 1) return false;
  if (kind === 'identifier' || kind === 'default' || kind === 'import' || kind === 'package') return true;
  return isKeywordKind(kind) && kind !== 'else' && kind !== 'with';
}
