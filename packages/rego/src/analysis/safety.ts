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
import {
  expressionTerms,
  innerBodies,
  isBodyWithoutVariables,
  termVariables,
  walkBodyVariables,
  walkTermVariables,
} from './walk.ts';

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
  /** Its place in the body as it was written. */
  readonly index: number;
  /** Variables outside of closures. */
  readonly own: VariableSet;
  /** Variables of closures that this body also uses outside of them. */
  readonly closed: VariableSet;
  /** What it still waits for. */
  missing: VariableSet;
}

function orderBody(body: CoreBody, globals: VariableSet, options: Ordering): CoreBody {
  if (isBodyWithoutVariables(body)) return body;
  const { arityOf } = options;
  const bodyVariables = bodyOwnVariables(body, arityOf);
  let waiting = body.map((expression, index) => describe(expression, index, bodyVariables, globals, arityOf));
  const outputs = new OutputFinder(arityOf);
  const safe = new Set(globals);
  const ordered: CoreBody = [];
  for (;;) {
    const left: Waiting[] = [];
    for (const candidate of waiting) {
      const twin = ordered[candidate.index];
      // As in OPA, one that stands where it stood itself counts as it, so that it is never looked at again.
      if (twin !== undefined && isSameExpression(twin, candidate.expression)) {
        left.push(candidate);
        continue;
      }
      const found = outputs.of(candidate.expression, safe);
      if (isReady(candidate, safe, found)) {
        ordered.push(candidate.expression);
        for (const variable of found) safe.add(variable);
      } else left.push(candidate);
    }
    if (left.length === 0) break;
    if (left.length === waiting.length) {
      const unsafe = left.filter(({ missing }) => missing.size > 0);
      for (const { expression, missing } of unsafe) options.unsafe.add(expression, missing);
      orderNested(ordered, globals, options);
      return unsafe.length > 0 ? body : ordered;
    }
    waiting = left;
  }
  orderNested(ordered, globals, options);
  return ordered;
}

function describe(
  expression: CoreExpression,
  index: number,
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
  const missing = new Set([...own].filter((variable) => !globals.has(variable)));
  return { expression, index, own, closed: closed ?? NO_VARIABLES, missing };
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

/**
 * Whether everything has a value that an expression needs. One that would itself give a value to just the variables
 * that its closures use never is, whatever else gives them one: so OPA has it.
 */
function isReady(candidate: Waiting, safe: VariableSet, outputs: VariableSet): boolean {
  const { own, closed } = candidate;
  if (closed.size > 0 && isSame(closed, outputs)) return false;
  const needed = closed.size > 0 ? closed : candidate.missing;
  const lacks = (variable: Variable): boolean => !safe.has(variable) && !outputs.has(variable);
  candidate.missing = new Set([...needed].filter(lacks));
  if (candidate.missing.size > 0) return false;
  for (const variable of own)
    if (lacks(variable)) candidate.missing = new Set(candidate.missing).add(variable);
  return candidate.missing.size === 0;
}

/** Whether two expressions say the same of the same variables, wherever they stand. */
function isSameExpression(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if ('origin' in a || 'origin' in b) return a === b;
  const names = Object.keys(a).filter((name) => !PLACES.has(name));
  return (
    names.length === Object.keys(b).filter((name) => !PLACES.has(name)).length &&
    names.every((name) => isSameExpression(a[name as keyof typeof a], b[name as keyof typeof b]))
  );
}

const PLACES: ReadonlySet<string> = new Set(['location', 'source', 'generated', 'assigned']);

function isSame(one: VariableSet, other: VariableSet): boolean {
  return one.size === other.size && [...one].every((variable) => other.has(variable));
}

/**
 * Finds what expressions give a value to, one after another while a body is put in order. The collection of `every`
 * counts with what the call before it gave, as in OPA.
 */
class OutputFinder {
  readonly #arityOf: ArityOf;
  #ofLastCall: VariableSet = NO_VARIABLES;

  constructor(arityOf: ArityOf) {
    this.#arityOf = arityOf;
  }

  of(expression: CoreExpression, safe: VariableSet): VariableSet {
    if (givesNothing(expression, safe)) return NO_VARIABLES;
    switch (expression.kind) {
      case 'call': {
        const arity = this.#arityOf(expression.callee);
        if (arity === undefined) return NO_VARIABLES;
        const found = callOutputs(expression.args, arity, safe);
        this.#ofLastCall = found;
        return found;
      }
      case 'equal':
        this.#ofLastCall = NO_VARIABLES;
        return equalOutputs(expression, safe);
      case 'every': {
        const found = new Set([...this.#ofLastCall, ...refOutputs([expression.domain], safe)]);
        this.#ofLastCall = found;
        return found;
      }
      case 'test':
        return refOutputs([expression.term], safe);
      case 'logical':
        return NO_VARIABLES;
    }
  }
}

/** Where it is negated, or what a `with` needs has no value yet. */
function givesNothing({ negated, with: modifiers }: CoreExpression, safe: VariableSet): boolean {
  if (negated) return true;
  for (const { replacement } of modifiers) {
    if (replacement.kind !== 'term') continue;
    for (const variable of termVariables(replacement.term, { skipClosures: true })) {
      if (!safe.has(variable)) return true;
    }
  }
  return false;
}

/** The variables that an expression gives a value to, once those in `safe` have one. */
export function outputsOf(expression: CoreExpression, safe: VariableSet, arityOf: ArityOf): VariableSet {
  return new OutputFinder(arityOf).of(expression, safe);
}

function callOutputs(args: readonly CoreTerm[], arity: number, safe: VariableSet): VariableSet {
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
