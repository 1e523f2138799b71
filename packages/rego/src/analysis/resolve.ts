import type { CustomBuiltins } from '../builtins/index.ts';
import type { Body, Expression, Module, Rule, Term } from '../syntax/ast.ts';
import { mapSteps, type Steps } from '../syntax/steps.ts';
import { checkUnused, checkUnusedArguments, checkUnusedImports, checkUnusedOfEvery } from './check-unused.ts';
import type {
  CoreBody,
  CoreBranch,
  CoreExpression,
  CoreOperand,
  CoreRule,
  CoreTerm,
  Variable,
} from './core.ts';
import { generatedVariable, variableTerm } from './core.ts';
import { collectPattern, declaredNames } from './declared.ts';
import type { Globals, PolicyNames } from './names.ts';
import { groundHead } from './names.ts';
import type { Report } from './report.ts';
import type { Resolving } from './resolve-terms.ts';
import { globalPath, optionalValue, resolveCall, resolveTerm } from './resolve-terms.ts';
import { resolveModifiers, resolveWith } from './resolve-with.ts';
import { Scope } from './scope.ts';
import { namesDeclared, namesInBoth } from './some-in-names.ts';
import type { WithFaults } from './with-faults.ts';

/** What resolution needs beside the modules. */
export interface ResolveOptions {
  readonly names: PolicyNames;
  readonly report: Report;
  readonly withFaults: WithFaults;
  readonly isBuiltin: (name: string) => boolean;
  /** Builtins that the caller of the engine brought. */
  readonly customs?: CustomBuiltins | undefined;
  /** Refuses what is assigned or an argument and not used. */
  readonly strict?: boolean;
}

/** A resolved query and the variables that its result shows, by name. */
export interface ResolvedQuery {
  readonly body: CoreBody;
  readonly variables: ReadonlyMap<string, Variable>;
}

/** Resolves a query, which is a body outside any package. */
export function resolveQuery(body: Body, globals: Globals, options: ResolveOptions): ResolvedQuery {
  const scope = new Scope();
  const context = resolvingContext(scope, globals, options);
  scope.push(declaredNames(body));
  const resolved = resolveExpressions(context, body, () => {});
  const variables = new Map([...scope.outermost()].filter(([, variable]) => variable.origin === 'user'));
  return { body: resolved, variables };
}

interface RuleOptions extends ResolveOptions {
  readonly usedGlobals?: Set<string> | undefined;
}

function resolvingContext(scope: Scope, globals: Globals, options: RuleOptions): Resolving {
  const context: Resolving = {
    ...options,
    unused: { found: false, strict: options.strict === true },
    errorsBefore: options.report.count,
    globals,
    scope,
    body: (body, within, continues) => {
      scope.push(declaredNames(body), continues);
      const resolved = resolveExpressions(context, body, within);
      scope.pop();
      return resolved;
    },
    with: (modifier) => resolveWith(context, modifier),
  };
  return context;
}

/** Resolves the names of all rules of a module (OPA's stages ResolveRefs and RewriteLocalVars in one). */
export function* resolveModule(module: Module, globals: Globals, options: ResolveOptions): Steps<CoreRule[]> {
  const usedGlobals = options.strict ? new Set<string>() : undefined;
  const rules = yield* mapSteps(module.rules, (rule) =>
    resolveRule(module, rule, globals, { ...options, usedGlobals }),
  );
  if (usedGlobals !== undefined) checkUnusedImports(module, usedGlobals, options.report);
  return rules;
}

function resolveRule(module: Module, rule: Rule, globals: Globals, options: RuleOptions): CoreRule {
  const scope = new Scope();
  const context = resolvingContext(scope, globals, options);
  const ground = groundHead(rule);
  scope.push(NO_NAMES);
  const args = resolveArguments(context, rule);
  let tail: CoreTerm[] = [];
  let key: CoreTerm | undefined;
  let value: CoreTerm | undefined;
  const body = context.body(
    rule.body,
    () => {
      tail = rule.head.ref.slice(ground.length).map((part) => resolveTerm(context, part));
      key = rule.head.key === undefined ? undefined : resolveTerm(context, rule.head.key);
      value = rule.head.value === undefined ? undefined : resolveTerm(context, rule.head.value);
    },
    true,
  );
  const branches: CoreBranch[] = [{ value, body, location: rule.location }];
  for (const branch of rule.elses) {
    context.errorsBefore = options.report.count;
    context.unused.found = false;
    let elseValue: CoreTerm | undefined;
    const elseBody = context.body(
      branch.body,
      () => {
        elseValue = resolveTerm(context, branch.value);
      },
      true,
    );
    branches.push({ value: elseValue, body: elseBody, location: branch.location });
  }
  if (options.strict && !options.report.stopped) checkUnusedArguments(context, rule);
  const form = rule.head.form === 'complete' && tail.length > 0 ? 'partial-object' : rule.head.form;
  return {
    form,
    path: [...module.package.path, ...ground],
    packagePath: module.package.path,
    packageLocation: module.package.location,
    tail,
    args,
    key,
    isDefault: rule.isDefault,
    branches,
    file: rule.location.file,
    row: rule.location.row,
    location: rule.location,
  };
}

const NO_NAMES: ReadonlySet<string> = new Set();

function resolveArguments(context: Resolving, rule: Rule): CoreTerm[] {
  for (const argument of rule.head.args) declareArguments(context, argument, rule.location);
  return rule.head.args.map((argument) => resolveTerm(context, argument));
}

function declareArguments(context: Resolving, term: Term, at: Rule['location']): void {
  if (term.kind === 'ref' && term.head.kind === 'var' && term.parts.length === 0) {
    declareArguments(context, term.head, at);
    return;
  }
  refuseCalls(context, term);
  const names = new Set<string>();
  collectPattern(term, names);
  for (const name of names) {
    if (name === 'input' || name === 'data') {
      const message = `args must not shadow ${name} (use a different variable name)`;
      context.report.error('rego_compile_error', message, at);
    }
    context.scope.declare(name, 'argument');
  }
}

/** Arguments are patterns: what would have to be computed cannot stand in them. */
function refuseCalls(context: Resolving, term: Term): void {
  if (term.kind === 'call') {
    const message = 'rule arguments cannot contain calls';
    context.report.error('rego_compile_error', message, term.location);
  } else if (term.kind === 'array') for (const item of term.items) refuseCalls(context, item);
  else if (term.kind === 'object') for (const [, value] of term.entries) refuseCalls(context, value);
}

/** Resolves a body, then what else stands in its scope; then looks for declarations without a use. */
function resolveExpressions(context: Resolving, body: Body, within: () => void): CoreBody {
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
    const common = commonOf(context, expression);
    if (term.kind !== 'call') return [{ kind: 'test', term, ...common }];
    if (term.callee.kind === 'builtin' && term.callee.name === 'eq' && term.args.length === 2) {
      return [{ kind: 'equal', left: term.args[0]!, right: term.args[1]!, assigned: false, ...common }];
    }
    if (term.callee.kind === 'builtin' && term.callee.name === 'print') {
      return [{ ...printCall(term.args, expression.location), ...common }];
    }
    return [{ kind: 'call', callee: term.callee, args: term.args, ...common }];
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

function resolveEvery(
  context: Resolving,
  expression: Extract<Expression, { kind: 'every' }>,
): CoreExpression[] {
  const domain = resolveTerm(context, expression.collection);
  const common = commonOf(context, expression);
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
    },
    true,
  );
  context.scope.pop();
  return [{ kind: 'every', key, value, domain, body, ...common }];
}
