import type { Term } from './ast.ts';
import type { Cursor, InfixOptions } from './cursor.ts';
import { callTerm } from './nodes.ts';
import { takeKeywordReference } from './parse-reference.ts';
import { parseTerm } from './parse-term.ts';
import type { Token, TokenKind } from './token.ts';

interface Operator {
  /** How tightly it binds; all are left-associative. */
  readonly level: number;
  /** OPA's name of the builtin that it calls, as a path. */
  readonly path: readonly string[];
}

function operator(level: number, name: string): Operator {
  return { level, path: Object.freeze([name]) };
}

const OPERATORS: Partial<Record<TokenKind, Operator>> = {
  '==': operator(1, 'equal'),
  '!=': operator(1, 'neq'),
  '<': operator(1, 'lt'),
  '>': operator(1, 'gt'),
  '<=': operator(1, 'lte'),
  '>=': operator(1, 'gte'),
  '|': operator(2, 'or'),
  '&': operator(3, 'and'),
  '+': operator(4, 'plus'),
  '-': operator(4, 'minus'),
  '*': operator(5, 'mul'),
  '/': operator(5, 'div'),
  '%': operator(5, 'rem'),
};
const MEMBER = Object.freeze(['internal', 'member_2']);
const MEMBER_WITH_KEY = Object.freeze(['internal', 'member_3']);

/** A term with its operators: relations, arithmetic, sets and, loosest of all, membership (`x in xs`, `k, v in xs`). */
export function parseInfix(cursor: Cursor, options: InfixOptions = {}): Term | undefined {
  if (!cursor.enter()) return undefined;
  const term = parseMembership(cursor, options);
  cursor.leave();
  return term;
}

function parseMembership(cursor: Cursor, options: InfixOptions): Term | undefined {
  let left = parseOperators(cursor, 1, options.first);
  if (!left) return undefined;
  if (!options.list && cursor.kind === ',') left = parseKeyed(cursor, left) ?? left;
  // A keyword that a reference goes on after starts the next statement or literal: `if.foo := 1`.
  takeKeywordReference(cursor);
  for (let links = 0; cursor.is('in'); links++) {
    if (!chain(cursor, links)) return undefined;
    const operator = cursor.token;
    cursor.advance();
    const collection = parseOperators(cursor, 1);
    if (!collection) return undefined;
    left = call(cursor, MEMBER, operator, [left, collection]);
    takeKeywordReference(cursor);
  }
  return left;
}

/** `key, value in collection`, or `undefined` with the cursor where it was. */
function parseKeyed(cursor: Cursor, key: Term): Term | undefined {
  const mark = cursor.mark();
  cursor.advance();
  const value = parseOperators(cursor, 1);
  if (value && cursor.kind === 'in') {
    const operator = cursor.token;
    cursor.advance();
    const collection = parseOperators(cursor, 1);
    if (collection) return call(cursor, MEMBER_WITH_KEY, operator, [key, value, collection]);
  }
  cursor.reset(mark);
  return undefined;
}

/** Reads operators that bind at least as tightly as `level`. */
function parseOperators(cursor: Cursor, level: number, first?: Term): Term | undefined {
  let left = first ?? parseTerm(cursor);
  for (let links = 0; left; links++) {
    const found = OPERATORS[cursor.kind];
    if (!found || found.level < level) break;
    if (!chain(cursor, links)) return undefined;
    const token = cursor.token;
    cursor.advance();
    const right = parseOperators(cursor, found.level + 1);
    if (!right) return undefined;
    left = call(cursor, found.path, token, [left, right]);
  }
  return left;
}

/** A chain of operators is read in a loop but makes a tree as deep as it is long. */
const CHAIN_MAX = 1000;

function chain(cursor: Cursor, links: number): boolean {
  if (links < CHAIN_MAX) return true;
  cursor.fail('max parsing recursion depth exceeded');
  return false;
}

function call(cursor: Cursor, operator: readonly string[], token: Token, args: readonly Term[]): Term {
  return callTerm(operator, cursor.at(token), Object.freeze(args), cursor.span(args[0]!.location));
}
