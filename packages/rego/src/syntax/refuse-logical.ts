import type { Expression, Term } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { isGround } from './nodes.ts';

/**
 * `and`, `or` and the wide `not` (OPA 1.17 to 1.22, `import future.keywords` and `import rego.v2`) are not evaluated by
 * this engine yet. What reads differently under them is refused here, with its place.
 */

function isActive(cursor: Cursor): boolean {
  return cursor.isKeyword('and') || cursor.isKeyword('or');
}

/** An `and` or `or` after an operand. */
export function refuseLogicalOperator(cursor: Cursor): boolean {
  if (cursor.kind !== 'and' && cursor.kind !== 'or') return false;
  cursor.unsupported(`\`${cursor.kind}\` between expressions`);
  return true;
}

/** A braced body or a group that is an operand of `and` or `or`. */
export function refuseLogicalGroup(cursor: Cursor): boolean {
  if (!isActive(cursor) || (cursor.kind !== '{' && cursor.kind !== '(')) return false;
  const after = cursor.kindOf(cursor.ahead(lengthOfGroup(cursor)));
  const isOperand = after === 'and' || after === 'or' || (cursor.kind === '(' && holdsOperator(cursor));
  if (isOperand) cursor.unsupported('`and` or `or` between bodies and groups');
  return isOperand;
}

function lengthOfGroup(cursor: Cursor): number {
  let depth = 0;
  for (let distance = 0; ; distance++) {
    const { kind } = cursor.ahead(distance);
    if (kind === '{' || kind === '(' || kind === '[') depth++;
    else if (kind === '}' || kind === ')' || kind === ']') depth--;
    if (depth === 0 || kind === 'eof') return distance + 1;
  }
}

function holdsOperator(cursor: Cursor): boolean {
  const length = lengthOfGroup(cursor);
  for (let distance = 1; distance < length; distance++) {
    const kind = cursor.kindOf(cursor.ahead(distance));
    const isCall = cursor.ahead(distance + 1).kind === '(' && !cursor.ahead(distance + 1).spaceBefore;
    const isStep = cursor.ahead(distance - 1).kind === '.';
    if ((kind === 'and' || kind === 'or') && !isCall && !isStep) return true;
    if (kind === 'not' && !isStep) return true;
  }
  return false;
}

/**
 * The wide `not` differs where a reference or call stands inside what is negated: it is part of the negation, where the
 * classical `not` evaluates it first, outside. A name may be a rule's, so only what is plainly the same goes through.
 */
export function refuseWideNot(cursor: Cursor, expression: Expression): boolean {
  if (!cursor.wideNot || isSameUnderBoth(expression)) return false;
  cursor.unsupported(
    '`not` over calls and nested references with `import future.keywords.not`',
    expression.location,
  );
  return true;
}

function isSameUnderBoth(expression: Expression): boolean {
  if (expression.kind === 'unify') return isShallow(expression.left) && isShallow(expression.right);
  if (expression.kind !== 'term-expression') return false;
  const { term } = expression;
  // OPA keeps the operands of an equality inside either way.
  if (term.kind === 'call') return term.operator[0] === 'equal' && term.args.every(isShallow);
  return isShallow(term);
}

function isShallow(term: Term): boolean {
  if (term.kind === 'ref') return term.head.kind === 'var' && term.parts.every(isConstantOrWildcard);
  return term.kind === 'var' || isGround(term);
}

function isConstantOrWildcard(term: Term): boolean {
  return isGround(term) || (term.kind === 'var' && term.name.startsWith('$'));
}
