import type { CoreBody, CoreExpression, CoreRule, CoreTerm, Variable } from './core.ts';
import { type ArityOf, bodyOwnVariables, equalOutputs, ownVariables, refOutputs } from './own-variables.ts';
import type { Report } from './report.ts';
import { expressionTerms, innerBodies, termVariables, walkBodyVariables, walkTermVariables } from './walk.ts';

/** What the check of safety needs. */
export interface SafetyOptions {
  readonly arityOf: ArityOf;
  readonly report: Report;
}

/**
 * Checks that every variable gets a value before it is needed, and puts the expressions of each body in an order in
 * which it does (OPA's stage CheckSafetyRuleBodies). Literals keep their order otherwise.
 */
export function checkRuleSafety(rule: CoreRule, options: SafetyOptions): void {
  const globals = argumentVariables(rule);
  for (const branch of rule.branches) branch.body = orderBody(branch.body, globals, options);
}

/** Checks that every variable of a head stands in its body (OPA's stage CheckSafetyRuleHeads). */
export function checkHeadSafety(rule: CoreRule, options: SafetyOptions): void {
  checkHead(rule, argumentVariables(rule), options);
}

function argumentVariables(rule: CoreRule): Set<Variable> {
  const variables = new Set<Variable>();
  for (const argument of rule.args) for (const variable of termVariables(argument)) variables.add(variable);
  return variables;
}

function checkHead(rule: CoreRule, args: ReadonlySet<Variable>, { report, arityOf }: SafetyOptions): void {
  rule.branches.forEach((branch, index) => {
    const bound = new Set([...args, ...bodyOwnVariables(branch.body, arityOf)]);
    const terms = index === 0 ? [...rule.tail, rule.key, branch.value] : [branch.value];
    for (const term of terms) {
      if (term === undefined) continue;
      walkTermVariables(
        term,
        (variable, at) => {
          if (!bound.has(variable) && variable.origin !== 'generated') reportUnsafe(variable, at, report);
        },
        { skipClosures: true },
      );
      checkClosures(term, bound, report, arityOf);
    }
  });
}

/** Variables of a comprehension's own head must stand in its body or around it. */
function checkClosures(term: CoreTerm, bound: ReadonlySet<Variable>, report: Report, arityOf: ArityOf): void {
  if (term.kind !== 'comprehension') return;
  const inner = new Set([...bound, ...bodyOwnVariables(term.body, arityOf)]);
  for (const headTerm of [term.key, term.term]) {
    if (headTerm === undefined) continue;
    walkTermVariables(
      headTerm,
      (variable, at) => {
        if (!inner.has(variable) && variable.origin !== 'generated') reportUnsafe(variable, at, report);
      },
      { skipClosures: true },
    );
  }
}

function displayName(variable: Variable): string {
  return variable.origin === 'wildcard' ? '_' : variable.name;
}

function reportUnsafe(
  variable: Variable,
  at: { readonly location: CoreTerm['location'] },
  report: Report,
): void {
  const name = displayName(variable);
  report.error('rego_unsafe_var_error', `var ${name} is unsafe`, at.location, unsafeHelp(name));
}

function unsafeHelp(name: string): string | undefined {
  if (name === '_') return 'give `_` a value outside of the negation or call that holds it';
  return `give \`${name}\` a value in this body (for example \`some ${name} in …\` or \`${name} := …\`), outside of \`not\``;
}

/** Orders a query's body; the same as a rule's. */
export function orderQuery(body: CoreBody, options: SafetyOptions): CoreBody {
  return orderBody(body, new Set(), options);
}

interface Waiting {
  readonly expression: CoreExpression;
  /** Variables outside of closures. */
  readonly own: ReadonlySet<Variable>;
  /** Variables of closures that this body also uses outside of them. */
  readonly closed: ReadonlySet<Variable>;
}

function orderBody(body: CoreBody, globals: ReadonlySet<Variable>, options: SafetyOptions): CoreBody {
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
      const reported = new Set<Variable>();
      for (const candidate of left) reportUnready(candidate, safe, reported, options);
      return body;
    }
    waiting = left;
  }
  orderNested(ordered, globals, options);
  return ordered;
}

function describe(
  expression: CoreExpression,
  bodyVariables: ReadonlySet<Variable>,
  globals: ReadonlySet<Variable>,
  arityOf: ArityOf,
): Waiting {
  const own = ownVariables(expression, arityOf);
  const closed = new Set<Variable>();
  const close = (variable: Variable): void => {
    if (bodyVariables.has(variable) && !globals.has(variable)) closed.add(variable);
  };
  for (const comprehension of comprehensionsOf(expression)) {
    walkTermVariables(comprehension, close);
  }
  for (const inner of innerBodies(expression)) walkBodyVariables(inner, close);
  return { expression, own, closed };
}

/** The outermost comprehensions of an expression. */
function comprehensionsOf(expression: CoreExpression): Extract<CoreTerm, { kind: 'comprehension' }>[] {
  const found: Extract<CoreTerm, { kind: 'comprehension' }>[] = [];
  const search = (term: CoreTerm): void => {
    switch (term.kind) {
      case 'comprehension':
        found.push(term);
        return;
      case 'array':
      case 'set':
        term.items.forEach(search);
        return;
      case 'object':
        for (const [key, value] of term.entries) {
          search(key);
          search(value);
        }
        return;
      case 'ref':
        if (typeof term.root === 'object') search(term.root);
        term.parts.forEach(search);
        return;
      case 'call':
        term.args.forEach(search);
        return;
      case 'constant':
      case 'variable':
    }
  };
  for (const term of expressionTerms(expression)) search(term);
  return found;
}

function isReady(candidate: Waiting, safe: ReadonlySet<Variable>, arityOf: ArityOf): boolean {
  for (const variable of candidate.closed) if (!safe.has(variable)) return false;
  const outputs = outputsOf(candidate.expression, safe, arityOf);
  for (const variable of candidate.own) if (!safe.has(variable) && !outputs.has(variable)) return false;
  return true;
}

/** The variables that an expression gives a value to, once those in `safe` have one. */
export function outputsOf(
  expression: CoreExpression,
  safe: ReadonlySet<Variable>,
  arityOf: ArityOf,
): Set<Variable> {
  if (expression.negated) return new Set();
  for (const modifier of expression.with) {
    if (modifier.replacement.kind !== 'term') continue;
    for (const variable of termVariables(modifier.replacement.term, { skipClosures: true })) {
      if (!safe.has(variable)) return new Set();
    }
  }
  switch (expression.kind) {
    case 'test':
      return refOutputs([expression.term], safe);
    case 'every':
      return refOutputs([expression.domain], safe);
    case 'logical':
      return new Set();
    case 'equal':
      return equalOutputs(expression, safe);
    case 'call':
      return callOutputs(expression.args, arityOf(expression.callee), safe);
  }
}

function callOutputs(
  args: readonly CoreTerm[],
  arity: number | undefined,
  safe: ReadonlySet<Variable>,
): Set<Variable> {
  if (arity === undefined) return new Set();
  const outputs = refOutputs(args, safe);
  if (args.length <= arity) return outputs;
  const skip = { skipClosures: true, skipSets: true, skipObjectKeys: true, skipRefRoots: true };
  for (const argument of args.slice(0, arity)) {
    for (const variable of termVariables(argument, skip)) {
      if (!safe.has(variable) && !outputs.has(variable)) return new Set();
    }
  }
  for (const argument of args.slice(arity)) {
    for (const variable of termVariables(argument, skip)) outputs.add(variable);
  }
  return outputs;
}

/** Reports each variable once, and the left side of `:=` only where the right side is not to blame. */
function reportUnready(
  candidate: Waiting,
  safe: ReadonlySet<Variable>,
  reported: Set<Variable>,
  options: SafetyOptions,
): void {
  const { expression } = candidate;
  const outputs = outputsOf(expression, safe, options.arityOf);
  const unsafe = new Map<Variable, CoreTerm>();
  const look = (variable: Variable, at: CoreTerm): void => {
    if (safe.has(variable) || outputs.has(variable) || variable.origin === 'generated') return;
    if (!candidate.own.has(variable) && !candidate.closed.has(variable)) return;
    if (!unsafe.has(variable)) unsafe.set(variable, at);
  };
  for (const term of expressionTerms(expression)) walkTermVariables(term, look);
  for (const inner of innerBodies(expression)) walkBodyVariables(inner, look);
  if (expression.kind === 'equal' && expression.assigned) {
    const assigned = termVariables(expression.left);
    if ([...unsafe.keys()].some((variable) => !assigned.has(variable))) {
      for (const variable of assigned) {
        unsafe.delete(variable);
        reported.add(variable);
      }
    }
  }
  for (const [variable, at] of unsafe) {
    if (!reported.has(variable)) reportUnsafe(variable, at, options.report);
    reported.add(variable);
  }
  if (unsafe.size === 0 && !options.report.stopped) {
    options.report.error('rego_unsafe_var_error', 'expression is unsafe', expression.location);
  }
}

/** Orders the bodies inside each expression; what stood before it is known there. */
function orderNested(ordered: CoreBody, globals: ReadonlySet<Variable>, options: SafetyOptions): void {
  const known = new Set(globals);
  for (const expression of ordered) {
    for (const term of expressionTerms(expression)) orderTerm(term, known, options);
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

/** Orders the comprehensions inside a term. */
export function orderTerm(term: CoreTerm, known: ReadonlySet<Variable>, options: SafetyOptions): void {
  switch (term.kind) {
    case 'comprehension': {
      checkClosures(term, known, options.report, options.arityOf);
      term.body = orderBody(term.body, known, options);
      const inner = new Set(known);
      walkBodyVariables(term.body, (variable) => inner.add(variable), { skipClosures: true });
      if (term.key !== undefined) orderTerm(term.key, inner, options);
      orderTerm(term.term, inner, options);
      return;
    }
    case 'array':
    case 'set':
      for (const item of term.items) orderTerm(item, known, options);
      return;
    case 'object':
      for (const [key, value] of term.entries) {
        orderTerm(key, known, options);
        orderTerm(value, known, options);
      }
      return;
    case 'ref':
      if (typeof term.root === 'object') orderTerm(term.root, known, options);
      for (const part of term.parts) orderTerm(part, known, options);
      return;
    case 'call':
      for (const argument of term.args) orderTerm(argument, known, options);
      return;
    case 'constant':
    case 'variable':
  }
}
