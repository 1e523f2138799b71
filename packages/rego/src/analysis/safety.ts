import type { CoreBody, CoreComprehension, CoreExpression, CoreRule, CoreTerm, Variable } from './core.ts';
import {
  type ArityOf,
  bodyOwnVariables,
  equalOutputs,
  NO_VARIABLES,
  ownVariables,
  refOutputs,
} from './own-variables.ts';
import type { Report } from './report.ts';
import type { VariableSet } from './unify.ts';
import { type RuleScopes, reportUnsafe, UnsafeVariables } from './unsafe-variables.ts';
import { expressionTerms, innerBodies, termVariables, walkBodyVariables, walkTermVariables } from './walk.ts';

/** What the check of safety needs. */
export interface SafetyOptions {
  readonly arityOf: ArityOf;
  readonly report: Report;
  /** Names the rules of rows that hold several. */
  readonly scopes: RuleScopes;
}

/** What is known while the bodies of one rule are put in order. */
interface Ordering {
  readonly arityOf: ArityOf;
  readonly unsafe: UnsafeVariables;
}

/**
 * Checks that every variable gets a value before it is needed, and puts the expressions of each body in an order in
 * which it does (OPA's stage CheckSafetyRuleBodies). Literals keep their order otherwise.
 */
export function checkRuleSafety(rule: CoreRule, { arityOf, report, scopes }: SafetyOptions): void {
  const globals = argumentVariables(rule);
  for (const [index, branch] of rule.branches.entries()) {
    const unsafe = new UnsafeVariables();
    branch.body = orderBody(branch.body, globals, { arityOf, unsafe });
    if (!unsafe.isEmpty) unsafe.report(report, scopes.of(rule, index));
  }
}

function argumentVariables(rule: CoreRule): Set<Variable> {
  const variables = new Set<Variable>();
  for (const argument of rule.args) for (const variable of termVariables(argument)) variables.add(variable);
  return variables;
}

/** Checks that every variable of a head stands in its body (OPA's stage CheckSafetyRuleHeads). */
export function checkHeadSafety(rule: CoreRule, { arityOf, report, scopes }: SafetyOptions): void {
  for (const [index, branch] of rule.branches.entries()) {
    const terms = index === 0 ? [...rule.tail, rule.key, branch.value] : [branch.value];
    if (terms.every((term) => term === undefined || term.kind === 'constant')) continue;
    const bound = new Set([...argumentVariables(rule), ...bodyOwnVariables(branch.body, arityOf)]);
    for (const term of terms) {
      if (term === undefined) continue;
      walkTermVariables(
        term,
        (variable, { location }) => {
          if (bound.has(variable) || variable.origin === 'generated') return;
          bound.add(variable);
          reportUnsafe(variable, location, report, scopes.of(rule, index), false);
        },
        { skipClosures: true },
      );
    }
  }
}

/** Variables of a comprehension's own head must stand in its body or around it. */
function checkClosureHead(
  comprehension: CoreComprehension,
  around: VariableSet,
  current: CoreExpression,
  { unsafe, arityOf }: Ordering,
): void {
  const inner = new Set([...around, ...bodyOwnVariables(comprehension.body, arityOf)]);
  for (const term of [comprehension.key, comprehension.term]) {
    if (term === undefined) continue;
    walkTermVariables(
      term,
      (variable) => {
        if (!inner.has(variable)) unsafe.add(current, [variable]);
      },
      { skipClosures: true },
    );
  }
}

/** Orders a query's body; the same as a rule's. */
export function orderQuery(
  body: CoreBody,
  { arityOf, report }: Pick<SafetyOptions, 'arityOf' | 'report'>,
): CoreBody {
  const unsafe = new UnsafeVariables();
  const ordered = orderBody(body, new Set(), { arityOf, unsafe });
  unsafe.report(report, '');
  return ordered;
}

interface Waiting {
  readonly expression: CoreExpression;
  /** Variables outside of closures. */
  readonly own: VariableSet;
  /** Variables of closures that this body also uses outside of them. */
  readonly closed: VariableSet;
}

function orderBody(body: CoreBody, globals: VariableSet, options: Ordering): CoreBody {
  const bodyVariables = bodyOwnVariables(body, options.arityOf);
  let waiting = body.map((expression) => describe(expression, bodyVariables, globals, options.arityOf));
  const safe = new Set(globals);
  const ordered: CoreBody = [];
  for (;;) {
    const left: Waiting[] = [];
    for (const candidate of waiting) {
      if (!isReady(candidate, safe, options.arityOf)) {
        left.push(candidate);
        continue;
      }
      ordered.push(candidate.expression);
      for (const variable of outputsOf(candidate.expression, safe, options.arityOf)) safe.add(variable);
    }
    if (left.length === 0) break;
    if (left.length === waiting.length) {
      for (const candidate of left)
        options.unsafe.add(candidate.expression, missingIn(candidate, safe, options));
      orderNested(ordered, globals, options);
      return body;
    }
    waiting = left;
  }
  orderNested(ordered, globals, options);
  return ordered;
}

function describe(
  expression: CoreExpression,
  bodyVariables: VariableSet,
  globals: VariableSet,
  arityOf: ArityOf,
): Waiting {
  const own = ownVariables(expression, arityOf);
  let closed: Set<Variable> | undefined;
  const close = (variable: Variable): void => {
    if (!bodyVariables.has(variable) || globals.has(variable)) return;
    closed ??= new Set();
    closed.add(variable);
  };
  for (const comprehension of comprehensionsOf(expression)) {
    walkTermVariables(comprehension, close);
  }
  for (const inner of innerBodies(expression)) walkBodyVariables(inner, close);
  return { expression, own, closed: closed ?? NO_VARIABLES };
}

/** The outermost comprehensions of an expression. */
function comprehensionsOf(expression: CoreExpression): CoreComprehension[] {
  const found: CoreComprehension[] = [];
  for (const term of expressionTerms(expression)) collectComprehensions(term, found);
  return found;
}

function comprehensionsIn(term: CoreTerm): CoreComprehension[] {
  const found: CoreComprehension[] = [];
  collectComprehensions(term, found);
  return found;
}

function collectComprehensions(term: CoreTerm, into: CoreComprehension[]): void {
  switch (term.kind) {
    case 'comprehension':
      into.push(term);
      return;
    case 'array':
    case 'set':
      for (const item of term.items) collectComprehensions(item, into);
      return;
    case 'object':
      for (const [key, value] of term.entries) {
        collectComprehensions(key, into);
        collectComprehensions(value, into);
      }
      return;
    case 'ref':
      if (typeof term.root === 'object') collectComprehensions(term.root, into);
      for (const part of term.parts) collectComprehensions(part, into);
      return;
    case 'call':
      for (const argument of term.args) collectComprehensions(argument, into);
      return;
    case 'constant':
    case 'variable':
  }
}

function isReady(candidate: Waiting, safe: VariableSet, arityOf: ArityOf): boolean {
  for (const variable of candidate.closed) if (!safe.has(variable)) return false;
  const outputs = outputsOf(candidate.expression, safe, arityOf);
  for (const variable of candidate.own) if (!safe.has(variable) && !outputs.has(variable)) return false;
  return true;
}

/** The variables that an expression gives a value to, once those in `safe` have one. */
export function outputsOf(expression: CoreExpression, safe: VariableSet, arityOf: ArityOf): VariableSet {
  if (expression.negated) return NO_VARIABLES;
  for (const modifier of expression.with) {
    if (modifier.replacement.kind !== 'term') continue;
    for (const variable of termVariables(modifier.replacement.term, { skipClosures: true })) {
      if (!safe.has(variable)) return NO_VARIABLES;
    }
  }
  switch (expression.kind) {
    case 'test':
      return refOutputs([expression.term], safe);
    case 'every':
      return refOutputs([expression.domain], safe);
    case 'logical':
      return NO_VARIABLES;
    case 'equal':
      return equalOutputs(expression, safe);
    case 'call':
      return callOutputs(expression.args, arityOf(expression.callee), safe);
  }
}

function callOutputs(args: readonly CoreTerm[], arity: number | undefined, safe: VariableSet): VariableSet {
  if (arity === undefined) return NO_VARIABLES;
  const found = refOutputs(args, safe);
  if (args.length <= arity) return found;
  const outputs = new Set(found);
  const skip = { skipClosures: true, skipSets: true, skipObjectKeys: true, skipRefRoots: true };
  for (const argument of args.slice(0, arity)) {
    for (const variable of termVariables(argument, skip)) {
      if (!safe.has(variable) && !outputs.has(variable)) return NO_VARIABLES;
    }
  }
  for (const argument of args.slice(arity)) {
    for (const variable of termVariables(argument, skip)) outputs.add(variable);
  }
  return outputs;
}

/** The variables that an expression waits for: those of its closures, or else its own. */
function missingIn(
  { expression, own, closed }: Waiting,
  safe: VariableSet,
  { arityOf }: Ordering,
): Variable[] {
  const inClosures = [...closed].filter((variable) => !safe.has(variable));
  if (inClosures.length > 0) return inClosures;
  const outputs = outputsOf(expression, safe, arityOf);
  return [...own].filter((variable) => !safe.has(variable) && !outputs.has(variable));
}

/** Orders the bodies inside each expression; what stood before it is known there. */
function orderNested(ordered: CoreBody, globals: VariableSet, options: Ordering): void {
  const known = new Set(globals);
  for (const expression of ordered) {
    for (const comprehension of comprehensionsOf(expression)) {
      orderComprehension(comprehension, known, expression, options);
    }
    if (expression.kind === 'every') {
      const inner = new Set(known).add(expression.value);
      if (expression.key !== undefined) inner.add(expression.key);
      expression.body = orderBody(expression.body, inner, options);
    } else if (expression.kind === 'logical') {
      for (const operand of expression.operands) operand.body = orderBody(operand.body, known, options);
    }
    for (const variable of ownVariables(expression, options.arityOf)) known.add(variable);
  }
}

function orderComprehension(
  comprehension: CoreComprehension,
  known: VariableSet,
  current: CoreExpression,
  options: Ordering,
): void {
  checkClosureHead(comprehension, known, current, options);
  comprehension.body = orderBody(comprehension.body, known, options);
  const inner = new Set(known);
  walkBodyVariables(comprehension.body, (variable) => inner.add(variable), { skipClosures: true });
  for (const term of [comprehension.key, comprehension.term]) {
    if (term === undefined) continue;
    for (const nested of comprehensionsIn(term)) orderComprehension(nested, inner, current, options);
  }
}
