import type { Expression, Term } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { termName } from './nodes.ts';
import { nameOf } from './parse-rule-head.ts';
import type { HeadDraft, RuleDraft } from './rule-draft.ts';

/** Names of infix builtins: a statement that computes one is no rule. */
const INFIX = new Set([
  'plus',
  'minus',
  'mul',
  'div',
  'rem',
  'and',
  'or',
  'equal',
  'neq',
  'lt',
  'lte',
  'gt',
  'gte',
  'eq',
]);

/** A statement without a body that defines a value: `p := 1`, `f(x) = x`, `p.q := 1`, v0's `p[1]` (OPA `ParseRuleFromExpr`). */
export function ruleFromExpression(cursor: Cursor, expression: Expression): RuleDraft | undefined {
  const refuse = (why: string): undefined => cursor.fail(why, expression.location);
  if (expression.with.length > 0)
    return refuse('expressions using with keyword cannot be used for rule head');
  if (expression.negated) return refuse('negated expressions cannot be used for rule head');
  switch (expression.kind) {
    case 'some':
    case 'some-in':
      return refuse("'some' declarations cannot be used for rule head");
    case 'every':
    case 'not':
    case 'logical':
      return refuse('expression cannot be used for rule head');
    case 'assign':
    case 'unify': {
      const refused = refusedTarget(expression.left, cursor.text);
      if (refused) return refuse(refused);
      return draftOf(cursor, expression.left, expression, expression.right);
    }
    case 'term-expression': {
      const refused = refusedStatement(cursor, expression.term);
      return refused ? refuse(refused) : draftOf(cursor, expression.term, expression);
    }
  }
}

function refusedTarget(term: Term, text: string): string | undefined {
  if (term.kind !== 'var' && term.kind !== 'ref' && term.kind !== 'call')
    return `${termName(term)} cannot be used for rule name`;
  const name = nameOf(term, text);
  return typeof name === 'string' ? name : undefined;
}

function refusedStatement(cursor: Cursor, term: Term): string | undefined {
  if (isInfix(term)) return 'rule name conflicts with built-in function';
  if (term.kind === 'call') {
    if (cursor.isBuiltin(term.operator.join('.'))) return 'rule name conflicts with built-in function';
    return term.args.length === 0 ? 'rule argument list must take at least one argument' : undefined;
  }
  if (term.kind === 'var' && (term.name === 'input' || term.name === 'data'))
    return 'refs cannot be used for rule head';
  return term.kind === 'ref' ? undefined : `${termName(term)} cannot be used for rule name`;
}

function isInfix(term: Term): boolean {
  if (term.kind !== 'call') return false;
  return INFIX.has(term.operator[0]!) || term.operator[0] === 'internal';
}

function draftOf(cursor: Cursor, target: Term, expression: Expression, value?: Term): RuleDraft | undefined {
  const name = nameOf(target, cursor.text);
  const { location } = expression;
  if (typeof name === 'string') return cursor.fail(name, location);
  const assigned = expression.kind === 'assign';
  const head: HeadDraft = { ...name, assigned, ...(value && { value }), location };
  const generatedValue = !value && !name.args && name.ref.length > 2;
  const operator = target.kind === 'call' ? target.operatorLocation : target.location;
  return {
    isDefault: false,
    head,
    body: [],
    elses: [],
    hasIf: false,
    generatedBody: true,
    generatedValue,
    trueLocation: value?.location ?? operator,
    location,
  };
}
