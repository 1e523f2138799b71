import type { Body, Expression, Term } from '../syntax/ast.ts';
import { checkUnused, checkUnusedOfEvery } from './check-unused.ts';
import type { CoreBody, CoreExpression, CoreOperand, CoreTerm, Variable } from './core.ts';
import { generatedVariable, variableTerm } from './core.ts';
import type { Resolving } from './resolve-terms.ts';
import { globalPath, optionalValue, resolveCall, resolveTerm } from './resolve-terms.ts';
import { resolveModifiers } from './resolve-with.ts';
import { namesDeclared, namesInBoth } from './some-in-names.ts';

/** Resolves a body, then what else stands in its scope; then looks for declarations without a use. */
export function resolveExpressions(context: Resolving, body: Body, within: () => void): CoreBody {
  const resolved: CoreBody = [];
  context.withFaults.enter();
  for (const expression of body) for (const one of resolveExpression(context, expression)) resolved.push(one);
  context.withFaults.leave();
  within();
  if (context.report.count === context.errorsBefore) checkUnused(context, body);
  return resolved;
}

type ExpressionResolver<K extends Expression['kind']> = (
  context: Resolving,
  expression: Extract<Expression, { kind: K }>,
) => CoreExpression[];

const EXPRESSIONS: { readonly [K in Expression['kind']]: ExpressionResolver<K> } = {
  'term-expression': (context, expression) => {
    const term =
      expression.term.kind === 'call'
        ? resolveCall(context, expression.term, true)
        : resolveTerm(context, expression.term);
    if (term.kind !== 'call') return [testExpression(term, context, expression)];
    const common = commonOf(context, expression);
    if (term.callee.kind === 'builtin' && term.callee.name === 'eq' && term.args.length === 2) {
      return [{ kind: 'equal', left: term.args[0]!, right: term.args[1]!, assigned: false, ...common }];
    }
    if (term.callee.kind === 'builtin' && term.callee.name === 'print') {
      return [{ ...printCall(term.args, expression.location), ...common }];
    }
    const { negated, with: modifiers, generated, source, location } = common;
    // Written out: copies of what most expressions are would be much of the work for a large policy.
    const call: CoreExpression = {
      kind: 'call',
      callee: term.callee,
      args: term.args,
      negated,
      with: modifiers,
      generated,
      source,
      location,
    };
    return [call];
  },
  unify: (context, expression) => [
    {
      kind: 'equal',
      left: resolveTerm(context, expression.left),
      right: resolveTerm(context, expression.right),
      assigned: false,
      ...commonOf(context, expression),
    },
  ],
  assign: (context, expression) => resolveAssignment(context, expression),
  some: (context, expression) => {
    declareAll(context, expression.names, expression);
    return [];
  },
  'some-in': (context, expression) => resolveSomeIn(context, expression),
  every: (context, expression) => resolveEvery(context, expression),
  not: (context, expression) => [
    {
      kind: 'logical',
      operator: 'not',
      operands: [resolveOperand(context, expression, NEGATED)],
      ...commonOf(context, expression),
    },
  ],
  logical: (context, expression) => {
    const { operator, left, right } = expression;
    const operands = [left, right].map((operand) =>
      resolveOperand(context, operand, `cannot assign vars inside implicit ${operator} operand`),
    );
    return [{ kind: 'logical', operator, operands, ...commonOf(context, expression) }];
  },
};

function testExpression(term: CoreTerm, context: Resolving, expression: Expression): CoreExpression {
  const { negated, location } = expression;
  const modifiers = expression.with.length === 0 ? [] : resolveModifiers(context, expression);
  return { kind: 'test', term, negated, with: modifiers, generated: false, source: location, location };
}

/** `print` also shows what is undefined: each operand becomes a set of no or one member. */
function printCall(args: readonly CoreTerm[], location: Expression['location']) {
  const items = args.map((argument) => optionalValue(argument));
  return {
    kind: 'call' as const,
    callee: { kind: 'builtin' as const, name: 'internal.print' },
    args: [{ kind: 'array' as const, items, location }],
  };
}

function resolveExpression(context: Resolving, expression: Expression): CoreExpression[] {
  const resolver = EXPRESSIONS[expression.kind] as (c: Resolving, e: Expression) => CoreExpression[];
  return resolver(context, expression);
}

const NEGATED = 'cannot assign vars inside negated expression';

/** A body in braces has a scope of its own; one expression sees and uses the scope around, and must not assign. */
function resolveOperand(
  context: Resolving,
  { body, explicit }: { readonly body: Body; readonly explicit: boolean },
  refusal: string,
): CoreOperand {
  if (explicit) return { body: context.body(body, () => {}), explicit };
  for (const { kind, location } of body) {
    if (kind === 'assign') context.report.error('rego_compile_error', refusal, location);
  }
  context.withFaults.enter();
  const resolved = body.flatMap((expression) => resolveExpression(context, expression));
  context.withFaults.leave();
  return { body: resolved, explicit };
}

function commonOf(context: Resolving, expression: Expression) {
  return {
    negated: expression.negated,
    with: expression.with.length === 0 ? [] : resolveModifiers(context, expression),
    generated: false,
    source: expression.location,
    location: expression.location,
  };
}

function declare(
  context: Resolving,
  term: { readonly name: string },
  at: { readonly location: Expression['location'] },
  occurrence: 'assigned' | 'declared',
): Variable {
  const declared = context.scope.declare(term.name, occurrence);
  if (typeof declared !== 'string') return declared;
  context.report.error('rego_compile_error', declared, at.location);
  return context.scope.use(term.name);
}

/** Declares names up to the first that cannot be. */
function declareAll(
  context: Resolving,
  names: readonly { readonly name: string }[],
  at: { readonly location: Expression['location'] },
): boolean {
  const before = context.report.count;
  return names.every((name) => {
    declare(context, name, at, 'declared');
    return context.report.count === before;
  });
}

function resolveAssignment(
  context: Resolving,
  expression: Extract<Expression, { kind: 'assign' }>,
): CoreExpression[] {
  if (expression.negated) {
    context.report.error('rego_compile_error', NEGATED, expression.location);
  }
  const right = resolveTerm(context, expression.right);
  const common = commonOf(context, expression);
  declareAssigned(context, expression.left);
  const left = resolveTerm(context, expression.left);
  return [{ kind: 'equal', left, right, assigned: true, ...common }];
}

const TERM_NAMES: Readonly<Record<string, string>> = {
  'array-comprehension': 'arraycomprehension',
  'set-comprehension': 'setcomprehension',
  'object-comprehension': 'objectcomprehension',
};

function declareAssigned(context: Resolving, term: Term): void {
  if (term.kind === 'var') declare(context, term, term, 'assigned');
  else if (term.kind === 'array') for (const item of term.items) declareAssigned(context, item);
  else if (term.kind === 'object') for (const [, value] of term.entries) declareAssigned(context, value);
  else if (term.kind === 'ref' && term.head.kind === 'var' && term.parts.length === 0) {
    declare(context, term.head, term, 'assigned');
  } else {
    const name = TERM_NAMES[term.kind] ?? term.kind;
    context.report.error('rego_compile_error', `cannot assign to ${name}`, term.location);
  }
}

function resolveSomeIn(
  context: Resolving,
  expression: Extract<Expression, { kind: 'some-in' }>,
): CoreExpression[] {
  const { location } = expression;
  const before = context.scope.mark();
  const domain = resolveTerm(context, expression.collection);
  const rootOf = (name: string): string | undefined => globalPath(context, name)?.[0];
  const refused = namesInBoth(expression, rootOf);
  for (const name of refused) {
    context.report.error('rego_compile_error', `var ${name} assigned before`, location);
  }
  const declared = namesDeclared(expression, rootOf).map((name) => ({ name }));
  if (refused.length > 0 || !declareAll(context, declared, expression)) {
    // What cannot be declared is left out, and so are the uses of names in it.
    context.scope.reset(before);
    return [];
  }
  const common = commonOf(context, expression);
  const key =
    expression.key === undefined
      ? variableTerm(generatedVariable(), location)
      : resolveTerm(context, expression.key);
  const value = resolveTerm(context, expression.value);
  const right: CoreTerm =
    domain.kind === 'ref'
      ? { kind: 'ref', root: domain.root, parts: [...domain.parts, key], location: domain.location }
      : { kind: 'ref', root: domain, parts: [key], location: domain.location };
  return [{ kind: 'equal', left: value, right, assigned: false, ...common }];
}

/** Names of variables in a term, those of closures apart. */
function namesIn(term: Term): readonly string[] {
  switch (term.kind) {
    case 'var':
      return [term.name];
    case 'ref':
      return [term.head, ...term.parts].flatMap(namesIn);
    case 'array':
    case 'set':
      return term.items.flatMap(namesIn);
    case 'object':
      return term.entries.flatMap((pair) => pair.flatMap(namesIn));
    case 'call':
      return term.args.flatMap(namesIn);
    default:
      return [];
  }
}

function resolveEvery(
  context: Resolving,
  expression: Extract<Expression, { kind: 'every' }>,
): CoreExpression[] {
  let domain = resolveTerm(context, expression.collection);
  const common = commonOf(context, expression);
  const free = namesIn(expression.collection).filter(
    (name) => context.scope.declared(name) === undefined && globalPath(context, name) === undefined,
  );
  const before = context.report.count;
  context.scope.push(new Set());
  const declareOne = (term: Term): Variable => {
    if (term.kind !== 'var') {
      context.report.error('rego_compile_error', `cannot assign to ${term.kind}`, term.location);
      return generatedVariable();
    }
    return declare(context, term, expression, 'declared');
  };
  const key = expression.key === undefined ? undefined : declareOne(expression.key);
  const value = declareOne(expression.value);
  if (context.report.count > before) {
    context.scope.pop();
    return [];
  }
  const body = context.body(
    expression.body,
    () => {
      checkUnusedOfEvery(context, expression);
      // As in OPA, a name that nothing declares outside means what is declared inside, in the collection too.
      if (free.some((name) => context.scope.declared(name) !== undefined))
        domain = { ...resolveTerm(context, expression.collection), location: expression.location };
    },
    true,
  );
  context.scope.pop();
  return [{ kind: 'every', key, value, domain, body, ...common }];
}
