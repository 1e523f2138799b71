import type { Body, Location, Term } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { termName } from './nodes.ts';
import { kindName, type Token } from './token.ts';

/** What can be wrong with the operands of `and`, `or` and `not`, in OPA's words. */

export function isLogical(body: Body): boolean {
  return body.length === 1 && body[0]!.kind === 'logical';
}

export function isNegation(body: Body): boolean {
  return body.length === 1 && (body[0]!.negated || body[0]!.kind === 'not');
}

/** A body whose first expression is a bare `|`: it could be taken for a comprehension. */
export function isAmbiguousUnion(cursor: Cursor, body: Body): boolean {
  const [first] = body;
  if (first?.kind !== 'term-expression' || first.term.kind !== 'call') return false;
  const { operator, operatorLocation } = first.term;
  if (operator.length !== 1 || operator[0] !== 'or') return false;
  if (cursor.text.slice(operatorLocation.start, operatorLocation.end) !== '|') return false;
  return cursor.text[first.location.start] !== '(';
}

export function reportAmbiguousUnion(cursor: Cursor, open: Token, body: Body, prefix: string): void {
  const { end } = cursor.previous;
  const braces = cursor.text.slice(open.start, end);
  const { start: unionStart, end: unionEnd } = body[0]!.location;
  const before = cursor.text.slice(open.start, unionStart);
  const union = `${before}(${cursor.text.slice(unionStart, unionEnd)})${cursor.text.slice(unionEnd, end)}`;
  cursor.hint(
    `write \`${prefix}(${braces})\` for the comprehension, or \`${prefix}${union}\` for the set union`,
  );
  cursor.fail(
    'ambiguous `{ ... | ... }` operand: read as a body holding a set-union expression, not as a comprehension',
    open,
  );
}

export function reportBraceLedOperand(cursor: Cursor, operand: Location, operator: string): void {
  const written = cursor.text.slice(operand.start, operand.end);
  cursor.hint(`wrap the operand to keep the value: \`(${written}) ${operator} ...\``);
  cursor.fail(`operand of \`${operator}\` cannot begin with \`{\` unless the braces hold a body`, operand);
}

export function reportNegatedValue(cursor: Cursor, open: Location, operand: string, term: Term): void {
  cursor.hint(
    `write \`not (${operand})\` to negate the value, or \`not {${operand}}\` for a body holding it`,
  );
  const got = termName(braceLedValue(term));
  cursor.fail(`\`{...}\` in an operand position must contain expression(s), got: ${got}`, open);
}

/** Builtins that operators stand for. */
const INFIX_ARITY: Readonly<Record<string, number>> = {
  and: 2,
  assign: 2,
  div: 2,
  eq: 2,
  equal: 2,
  gt: 2,
  gte: 2,
  'internal.member_2': 2,
  'internal.member_3': 3,
  lt: 2,
  lte: 2,
  minus: 2,
  mul: 2,
  neq: 2,
  or: 2,
  plus: 2,
  rem: 2,
};

/** The value that the first brace of a term opens: `{1, 2} & s` begins with a set. */
function braceLedValue(term: Term): Term {
  if (term.kind !== 'call' || INFIX_ARITY[term.operator.join('.')] !== term.args.length) return term;
  return braceLedValue(term.args[0]!);
}

export function reportGroupedBody(cursor: Cursor, open: Token, braces: string, prefix: string): void {
  cursor.hint(`drop the parens to keep the body: \`${prefix}${braces}\``);
  cursor.fail('`(...)` in an operand position cannot contain a body', open);
}

export function reportWithOnOperand(cursor: Cursor, where: Token): void {
  const operator = kindName(cursor.kind);
  cursor.hint(
    `Wrap the operand in \`(...)\` or \`{...}\` to scope, or move \`with\` after the \`${operator}\` expression to apply it to the whole expression`,
  );
  cursor.fail(`\`with\` modifier is not allowed on operand of \`${operator}\``, where);
}

/** Builtins that give no value. */
const VOID = new Set(['print', 'internal.print']);

/** An operand that only prints can never fail. */
export function checkVoidCalls(cursor: Cursor, body: Body, operator: string): void {
  const names = body.map((expression) =>
    expression.kind === 'term-expression' && !expression.negated && expression.term.kind === 'call'
      ? expression.term.operator.join('.')
      : '',
  );
  const [name] = names;
  if (name === undefined || !names.every((each) => VOID.has(each))) return;
  cursor.hint(
    `\`${name}\` produces no value and always succeeds, so the operand can never fail; move it out of the operand, or add an expression that can fail`,
  );
  cursor.fail(`operand of \`${operator}\` cannot consist only of calls to \`${name}\``, body[0]!.location);
}
