import type { Term } from './ast.ts';
import type { Cursor, InfixOptions } from './cursor.ts';
import { callTerm } from './nodes.ts';
import { takeKeywordReference } from './parse-reference.ts';
import { parseTerm } from './parse-term.ts';
import type { Token, TokenKind } from './token.ts';

interface Operator {
  /** How tightly it binds; all are left-associative. */
  readonly level: number;
  /** OPA's name of the builtin that it calls. */
  readonly name: string;
}

const OPERATORS: Partial<Record<TokenKind, Operator>> = {
  '==': { level: 1, name: 'equal' },
  '!=': { level: 1, name: 'neq' },
  '<': { level: 1, name: 'lt' },
  '>': { level: 1, name: 'gt' },
  '<=': { level: 1, name: 'lte' },
  '>=': { level: 1, name: 'gte' },
  '|': { level: 2, name: 'or' },
  '&': { level: 3, name: 'and' },
  '+': { level: 4, name: 'plus' },
  '-': { level: 4, name: 'minus' },
  '*': { level: 5, name: 'mul' },
  '/': { level: 5, name: 'div' },
  '%': { level: 5, name: 'rem' },
};
const MEMBER = ['internal', 'member_2'];
const MEMBER_WITH_KEY = ['internal', 'member_3'];

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
    const operator = OPERATORS[cursor.kind];
    if (!operator || operator.level < level) break;
    if (!chain(cursor, links)) return undefined;
    const token = cursor.token;
    cursor.advance();
    const right = parseOperators(cursor, operator.level + 1);
    if (!right) return undefined;
    left = call(cursor, [operator.name], token, [left, right]);
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
