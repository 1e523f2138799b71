import { KNOWN_BUILTINS } from '../builtins/index.ts';
import type { Body, CallTerm, Expression, Location, Term, VarTerm } from '../syntax/ast.ts';
import type { Globals, PolicyNames } from './names.ts';
import { pathKey } from './names.ts';

/** What a query's expression gives: the value of a variable that holds it, or true. */
export interface Captured {
  readonly location: Location;
  /** No policy can name it. */
  readonly variable?: string;
}

/** A query whose expressions leave their values in variables. */
export interface CapturingQuery {
  readonly body: Body;
  /** One for each expression, in order. */
  readonly captured: readonly Captured[];
}

const PREFIX = '@';

/** The variable holds an expression's value and is none of the query's own. */
export function isCaptureName(name: string): boolean {
  return name.startsWith(PREFIX);
}

/**
 * Makes a query keep the values of its expressions (OPA `rewriteQueryToCaptureValue`). An expression alone gives its
 * value even where that is false; of several, and where the query searches, each must hold.
 */
export function captureValues(body: Body, globals: Globals, names: PolicyNames): CapturingQuery {
  const mustHold = body.length > 1 || body.some((expression) => searches(expression));
  const captured: Captured[] = [];
  const rewritten: Expression[] = [];
  const checks: Expression[] = [];
  for (const [index, expression] of body.entries()) {
    const { location } = expression;
    if (!givesValue(expression, globals, names)) {
      captured.push({ location });
      rewritten.push(expression);
      continue;
    }
    const name = `${PREFIX}${index}`;
    const variable: VarTerm = { kind: 'var', name, location };
    const { negated, with: modifiers, term } = expression;
    const common = { negated, with: modifiers, index, location, operatorLocation: location };
    rewritten.push({ kind: 'unify', left: term, right: variable, ...common });
    captured.push({ location, variable: name });
    checks.push({ kind: 'term-expression', term: variable, negated: false, with: [], index, location });
  }
  if (!mustHold) return { body: rewritten, captured };
  const added = checks.map((check, index) => ({ ...check, index: body.length + index }));
  return { body: [...rewritten, ...added], captured };
}

type ValueExpression = Extract<Expression, { kind: 'term-expression' }>;

function givesValue(
  expression: Expression,
  globals: Globals,
  names: PolicyNames,
): expression is ValueExpression {
  if (expression.kind !== 'term-expression' || expression.negated) return false;
  return expression.term.kind !== 'call' || returns(expression.term, globals, names);
}

/** A call that gives a value and does not name a variable for it (`plus(1, 2, x)`). */
function returns({ operator, args }: CallTerm, globals: Globals, names: PolicyNames): boolean {
  const [first, ...rest] = operator;
  const global = first === 'data' ? [first] : globals.get(first!);
  const path = global === undefined ? undefined : [...global, ...rest];
  if (path?.[0] === 'data') return (names.functions.get(pathKey(path.slice(1))) ?? 0) === args.length;
  const signature = KNOWN_BUILTINS[operator.join('.')];
  return signature?.result !== undefined && signature.args.length === args.length;
}

/** A reference with a variable in it, outside of comprehensions, or a relation: there may be many answers. */
function searches(expression: Expression): boolean {
  switch (expression.kind) {
    case 'term-expression':
      return termSearches(expression.term);
    case 'unify':
    case 'assign':
      return termSearches(expression.left) || termSearches(expression.right);
    case 'some':
      return false;
    case 'not':
      return expression.body.some(searches);
    case 'logical':
      return [...expression.left.body, ...expression.right.body].some(searches);
    case 'some-in':
    case 'every':
      return termSearches(expression.collection);
  }
}

function termSearches(term: Term): boolean {
  switch (term.kind) {
    case 'ref':
      return term.parts.some((part) => part.kind === 'var' || termSearches(part)) || termSearches(term.head);
    case 'call':
      return KNOWN_BUILTINS[term.operator.join('.')]?.relation === true || term.args.some(termSearches);
    case 'array':
    case 'set':
      return term.items.some(termSearches);
    case 'object':
      return term.entries.some((entry) => entry.some(termSearches));
    default:
      return false;
  }
}
