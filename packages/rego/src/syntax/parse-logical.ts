import type { Body, Expression, Location, LogicalExpression, LogicalOperand } from './ast.ts';
import type { Cursor, Mark } from './cursor.ts';
import {
  checkVoidCalls,
  isAmbiguousUnion,
  isLogical,
  isNegation,
  reportAmbiguousUnion,
  reportBraceLedOperand,
  reportGroupedBody,
  reportNegatedValue,
  reportWithOnOperand,
} from './logical-faults.ts';
import { node } from './nodes.ts';
import { parseBareExpression } from './parse-bare-expression.ts';
import { isReferenceAhead } from './parse-reference.ts';
import { parseWiths } from './parse-with.ts';

/**
 * `and`, `or` and the `not` over bodies (OPA 1.17 to 1.22). `and` binds tighter than `or`, `not` tighter than both, and
 * `with` is loosest: it belongs to the whole. Braces are an operand only where an operator follows or precedes them, so
 * they are tried and, where nothing of that kind is found, read as the value that they would be without operators.
 */
export interface Operand extends LogicalOperand {
  readonly location: Location;
}

/** What was read in parentheses: `undefined` where they are no group (the cursor is before them then). */
type Group = { readonly operand: Operand | undefined } | undefined;

/** The words `and` or `or` are operators here. */
export function hasLogicalKeywords(cursor: Cursor): boolean {
  return cursor.isKeyword('and') || cursor.isKeyword('or');
}

export function isOperator(cursor: Cursor): boolean {
  return cursor.is('and', 'or');
}

/** `not` as a word of its own, not the start of a reference (`not.x`). */
export function isNot(cursor: Cursor): boolean {
  return cursor.kind === 'not' && !isReferenceAhead(cursor);
}

/** A body in braces; the cursor stands on the first one, and after the second one then. */
export function parseOperandBraces(cursor: Cursor): Body | undefined {
  cursor.advance();
  const body = cursor.grammar.body(cursor, '}');
  if (body) cursor.advance();
  return body;
}

/** The rest of a chain whose first operand was read; the cursor stands on its operator. */
export function parseChain(cursor: Cursor, first: Operand): Expression | undefined {
  if (!cursor.enter()) return undefined;
  const chain = parseOrChain(cursor, first);
  cursor.leave();
  return chain?.body[0];
}

function parseOrChain(cursor: Cursor, first: Operand): Operand | undefined {
  let left: Operand | undefined = parseAndChain(cursor, first);
  for (let links = 0; left && cursor.is('or'); links++) {
    if (!mayGoOn(cursor, links)) return undefined;
    cursor.advance();
    const operand = parseOperand(cursor, 'or');
    const right = operand && parseAndChain(cursor, operand);
    left = right && join(cursor, 'or', left, right);
  }
  return left;
}

function parseAndChain(cursor: Cursor, first: Operand): Operand | undefined {
  let left: Operand | undefined = first;
  for (let links = 0; left && cursor.is('and'); links++) {
    if (!mayGoOn(cursor, links)) return undefined;
    cursor.advance();
    const right = parseOperand(cursor, 'and');
    left = right && join(cursor, 'and', left, right);
  }
  return left;
}

/** A chain is read in a loop but makes a tree as deep as it is long. */
const CHAIN_MAX = 400;

function mayGoOn(cursor: Cursor, links: number): boolean {
  if (links < CHAIN_MAX) return true;
  cursor.fail('max parsing recursion depth exceeded');
  return false;
}

function join(cursor: Cursor, operator: 'and' | 'or', left: Operand, right: Operand): Operand {
  checkVoidCalls(cursor, left.body, operator);
  checkVoidCalls(cursor, right.body, operator);
  const location = cursor.span(left.location);
  const expression: LogicalExpression = node({
    kind: 'logical',
    operator,
    left: Object.freeze({ body: left.body, explicit: left.explicit }),
    right: Object.freeze({ body: right.body, explicit: right.explicit }),
    negated: false,
    with: [],
    index: 0,
    location,
  });
  return { body: Object.freeze([expression]), explicit: false, location };
}

/** A body as an expression of its own, followed by a chain or its modifiers. */
export function foldTail(cursor: Cursor, operand: Operand): Expression | undefined {
  if (!isOperator(cursor)) return attachWith(cursor, operand.body[0]);
  return attachWith(cursor, parseChain(cursor, operand));
}

/** `with` behind a chain or a group modifies all of it. */
export function attachWith(cursor: Cursor, expression: Expression | undefined): Expression | undefined {
  if (!expression || cursor.kind !== 'with') return expression;
  const modifiers = parseWiths(cursor);
  return modifiers && node({ ...expression, with: modifiers });
}

/** One operand. Without an operator the caller only tries, and goes back where this fails. */
function parseOperand(cursor: Cursor, operator: 'and' | 'or' | undefined): Operand | undefined {
  if (cursor.kind === '{') return parseBracedOperand(cursor, operator);
  const first = cursor.token;
  const negated = isNot(cursor);
  if (negated) cursor.advance();
  if (negated && cursor.wideNot && cursor.is('{')) return parseNotBody(cursor, cursor.at(first));
  if (cursor.is('(') && hasLogicalKeywords(cursor) && (!negated || cursor.wideNot)) {
    const group = parseGroup(cursor, true, negated ? 'not ' : '');
    if (group) return negated && group.operand ? notOperand(cursor, group.operand, first) : group.operand;
  }
  const start = cursor.token;
  const expression = parseBareExpression(cursor);
  if (!expression) return undefined;
  if (negated && cursor.wideNot) {
    const operand = { body: [expression], explicit: false, location: expression.location };
    return notOperand(cursor, operand, first);
  }
  const location = cursor.span(start);
  return { body: [node({ ...expression, negated, location })], explicit: false, location };
}

/** `not` over what was read after it; `from` is the word. */
export function notOperand(
  cursor: Cursor,
  { body, explicit }: Operand,
  from: Parameters<Cursor['span']>[0],
): Operand {
  const location = cursor.span(from);
  const common = { negated: false, with: [], index: 0, location };
  return { body: [node({ kind: 'not', body, explicit, ...common })], explicit: false, location };
}

function parseBracedOperand(cursor: Cursor, operator: 'and' | 'or' | undefined): Operand | undefined {
  const open = cursor.token;
  const before = cursor.mark();
  const isEmpty = cursor.ahead().kind === '}';
  const body = parseOperandBraces(cursor);
  if (body) {
    // Reported, but given back: where the caller only tries, the report is taken back with it.
    if (isAmbiguousUnion(cursor, body)) reportAmbiguousUnion(cursor, open, body, '');
    return { body, explicit: true, location: cursor.at(open) };
  }
  if (isEmpty || !operator || !rereadsAsValue(cursor, before)) return undefined;
  reportBraceLedOperand(cursor, cursor.span(open), operator);
  return undefined;
}

/** The braces may hold a value: reads them again as one, and stays behind it; else the fault of the body remains. */
function rereadsAsValue(cursor: Cursor, before: Mark): boolean {
  if (!cursor.mayReread()) return false;
  const faults = cursor.diagnostics.slice(before.diagnostics);
  const failed = cursor.mark();
  cursor.reset(before);
  if (cursor.grammar.infix(cursor)) return true;
  cursor.reset({ ...failed, diagnostics: before.diagnostics });
  cursor.diagnostics.push(...faults);
  return false;
}

/** `not { … }`; the cursor stands on the brace, `from` is where the word stands. */
export function parseNotBody(cursor: Cursor, from: Location): Operand | undefined {
  const open = cursor.token;
  const before = cursor.mark();
  const isEmpty = cursor.ahead().kind === '}';
  const body = parseOperandBraces(cursor);
  if (!body) {
    if (!isEmpty) rereadNegated(cursor, before, cursor.at(open));
    return undefined;
  }
  if (isAmbiguousUnion(cursor, body)) {
    reportAmbiguousUnion(cursor, open, body, 'not ');
    return undefined;
  }
  return notOperand(cursor, { body, explicit: true, location: from }, from);
}

function rereadNegated(cursor: Cursor, before: Mark, open: Location): void {
  if (!rereadsAsValue(cursor, before)) return;
  const { end } = cursor.previous;
  cursor.reset(before);
  const term = cursor.grammar.infix(cursor);
  if (term) reportNegatedValue(cursor, open, cursor.text.slice(open.start, end), term);
}

/**
 * Parentheses that hold or precede operators, or hold a negation. `isOperand` says that they stand after `and`, `or` or
 * `not`.
 */
export function parseGroup(cursor: Cursor, isOperand: boolean, prefix: '' | 'not '): Group {
  if (cursor.isPlain) return undefined;
  if (!cursor.enter()) return { operand: undefined };
  const before = cursor.mark();
  const group = readGroup(cursor, isOperand, prefix);
  cursor.leave();
  if (!group) {
    cursor.reset(before);
    cursor.markPlain(before);
  }
  return group;
}

function readGroup(cursor: Cursor, isOperand: boolean, prefix: '' | 'not '): Group {
  const open = cursor.token;
  const before = cursor.mark();
  cursor.advance();
  if (cursor.is(')')) {
    if (!isOperand) return undefined;
    cursor.fail('empty parenthesized group', open);
    return { operand: undefined };
  }
  const left = parseOperand(cursor, undefined);
  if (!left) return undefined;
  if (isOperator(cursor)) {
    const chain = attachWith(cursor, parseChain(cursor, left));
    return chain ? closed(cursor, open, [chain]) : { operand: undefined };
  }
  if (cursor.is('with') && !left.explicit) return modifiedGroup(cursor, open, left, isOperand);
  if (left.explicit) {
    const braces = cursor.text.slice(left.location.start, cursor.previous.end);
    cursor.reset(before);
    cursor.advance();
    if (cursor.grammar.term(cursor)) return undefined;
    cursor.reset(before);
    reportGroupedBody(cursor, open, braces, prefix);
    return { operand: undefined };
  }
  return isLogical(left.body) || isNegation(left.body) ? closed(cursor, open, left.body) : undefined;
}

/** `(a with input as x)`: the modifier belongs to what stands in the parentheses. */
function modifiedGroup(
  cursor: Cursor,
  open: Parameters<Cursor['span']>[0],
  left: Operand,
  isOperand: boolean,
): Group {
  const word = cursor.token;
  const expression = attachWith(cursor, left.body[0]);
  if (!expression) return { operand: undefined };
  if (isOperator(cursor)) {
    reportWithOnOperand(cursor, word);
    return { operand: undefined };
  }
  const group = closed(cursor, open, [expression]);
  return !group?.operand || isOperand || isOperator(cursor) ? group : undefined;
}

function closed(cursor: Cursor, open: Parameters<Cursor['span']>[0], body: Body): Group {
  if (!cursor.is(')')) {
    cursor.fail('expected ) to close parenthesized group');
    return { operand: undefined };
  }
  cursor.advance();
  return { operand: { body, explicit: false, location: cursor.span(open) } };
}
