import type { CustomBuiltins } from '../builtins/index.ts';
import type { Body, Module, Rule, Term } from '../syntax/ast.ts';
import { mapSteps, type Steps } from '../syntax/steps.ts';
import { checkUnusedArguments, checkUnusedImports } from './check-unused.ts';
import type { CoreBody, CoreBranch, CoreRule, CoreTerm, Variable } from './core.ts';
import { collectPattern, declaredNames } from './declared.ts';
import type { Globals, PolicyNames } from './names.ts';
import { groundHead } from './names.ts';
import type { Report } from './report.ts';
import { resolveExpressions } from './resolve-expressions.ts';
import type { Resolving } from './resolve-terms.ts';
import { resolveTerm } from './resolve-terms.ts';
import { resolveWith } from './resolve-with.ts';
import { Scope } from './scope.ts';
import type { WithFaults } from './with-faults.ts';

/** What resolution needs beside the modules. */
export interface ResolveOptions {
  readonly names: PolicyNames;
  readonly report: Report;
  readonly withFaults: WithFaults;
  readonly isBuiltin: (name: string) => boolean;
  /** Builtins that the caller of the engine brought. */
  readonly customs?: CustomBuiltins | undefined;
  /** Takes the names of builtins that are called, or stand for others. */
  readonly usedBuiltins?: Set<string> | undefined;
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

/** What the rules of a module have in common: they come to their own parts one after the other. */
interface ModuleScope {
  readonly module: Module;
  readonly context: Resolving;
  /** Paths of rules by the steps after the package, where that is one: many rules share theirs. */
  readonly paths: Map<string, readonly string[]>;
}

function resolvingContext(scope: Scope, globals: Globals, options: RuleOptions): Resolving {
  const context: Resolving = {
    ...options,
    unused: { found: false, strict: options.strict === true },
    errorsBefore: options.report.count,
    globals,
    scope,
    body: (body, within, continues) => {
      context.scope.push(declaredNames(body), continues);
      const resolved = resolveExpressions(context, body, within);
      context.scope.pop();
      return resolved;
    },
    with: (modifier) => resolveWith(context, modifier),
  };
  return context;
}

/** Resolves the names of all rules of a module (OPA's stages ResolveRefs and RewriteLocalVars in one). */
export function* resolveModule(module: Module, globals: Globals, options: ResolveOptions): Steps<CoreRule[]> {
  const usedGlobals = options.strict ? new Set<string>() : undefined;
  const context = resolvingContext(new Scope(), globals, { ...options, usedGlobals });
  const shared: ModuleScope = { module, context, paths: new Map() };
  const rules = yield* mapSteps(module.rules, (rule) => resolveRule(rule, shared, options));
  if (usedGlobals !== undefined) checkUnusedImports(module, usedGlobals, options.report);
  return rules;
}

function resolveRule(rule: Rule, { module, context, paths }: ModuleScope, options: RuleOptions): CoreRule {
  context.scope = new Scope();
  context.unused.found = false;
  context.errorsBefore = options.report.count;
  const ground = groundHead(rule);
  context.scope.push(NO_NAMES);
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
    path: rulePath(module, ground, paths),
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

function rulePath(module: Module, ground: readonly string[], known: ModuleScope['paths']): readonly string[] {
  if (ground.length !== 1) return [...module.package.path, ...ground];
  let path = known.get(ground[0]!);
  if (path === undefined) {
    path = [...module.package.path, ground[0]!];
    known.set(ground[0]!, path);
  }
  return path;
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
