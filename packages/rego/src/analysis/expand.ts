import type {
  CoreBody,
  CoreCall,
  CoreCallExpression,
  CoreExpression,
  CoreRef,
  CoreRule,
  CoreTerm,
  CoreWith,
  Variable,
} from './core.ts';
import { generatedVariable, variableTerm } from './core.ts';
import { termText } from './term-text.ts';

/**
 * Takes calls out of terms: each becomes an expression of its own before the one that holds it, with its result in
 * a generated variable (OPA's stage RewriteExprTerms). Under `not` they so stand outside of the negation: where a
 * nested call is undefined the body fails, as in OPA.
 */
export function expandRule(rule: CoreRule): void {
  const [main, ...elses] = rule.branches;
  const support: CoreBody = [];
  rule.args = rule.args.map((argument) => expandTerm(argument, support));
  rule.tail = rule.tail.map((part) => headTerm(part, support));
  if (rule.key !== undefined) rule.key = headTerm(rule.key, support);
  if (main!.value !== undefined) main!.value = headTerm(main!.value, support);
  main!.body = expandBody(main!.body);
  main!.body.push(...support);
  for (const branch of elses) {
    const extra: CoreBody = [];
    if (branch.value !== undefined) branch.value = headTerm(branch.value, extra);
    branch.body = [...expandBody(branch.body), ...extra];
  }
}

/**
 * What a head has to look up or compute is done at the end of the body (OPA's stages RewriteRefsInHead and
 * RewriteComprehensionTerms).
 */
function headTerm(term: CoreTerm, support: CoreBody): CoreTerm {
  const expanded = expandTerm(term, support);
  if (!requiresEvaluation(expanded)) return expanded;
  const local = variableTerm(generatedVariable(), term.location);
  support.push(equalExpression(local, expanded, []));
  return local;
}

function requiresEvaluation(term: CoreTerm): boolean {
  switch (term.kind) {
    case 'constant':
    case 'variable':
      return false;
    case 'array':
    case 'set':
      return term.items.some(requiresEvaluation);
    case 'object':
      return term.entries.some(([key, value]) => requiresEvaluation(key) || requiresEvaluation(value));
    case 'ref':
    case 'comprehension':
    case 'call':
      return true;
  }
}

/** Expands the calls of a body. */
export function expandBody(body: CoreBody): CoreBody {
  const result: CoreBody = [];
  for (const expression of body) expandExpression(expression, result);
  return result;
}

/** Adds the expression to a body, after those that were taken out of its terms. */
function expandExpression(expression: CoreExpression, result: CoreBody): void {
  for (const modifier of expression.with) {
    if (modifier.replacement.kind !== 'term') continue;
    modifier.replacement.term = expandTerm(modifier.replacement.term, result);
    hoistReplacement(modifier, result);
  }
  const first = result.length;
  switch (expression.kind) {
    case 'test':
      expression.term = expandTerm(expression.term, result);
      break;
    case 'equal':
      expression.left = expandTerm(expression.left, result);
      expression.right = expandTerm(expression.right, result);
      break;
    case 'call':
      expression.args = expandTerms(expression.args, result);
      break;
    case 'every': {
      const domain = expandTerm(expression.domain, result);
      const local = variableTerm(generatedVariable(), expression.domain.location);
      result.push(equalExpression(local, domain, []));
      expression.domain = local;
      expression.body = expandBody(expression.body);
      break;
    }
    case 'logical':
      for (const operand of expression.operands) operand.body = expandBody(operand.body);
      break;
  }
  for (let index = first; index < result.length; index++) result[index]!.with = expression.with;
  result.push(expression);
}

/** The same list where nothing in it is replaced. */
function expandTerms(terms: CoreTerm[], support: CoreBody, expand = expandTerm): CoreTerm[] {
  let expanded: CoreTerm[] | undefined;
  for (let index = 0; index < terms.length; index++) {
    const term = terms[index]!;
    const replaced = expand(term, support);
    if (replaced === term) continue;
    expanded ??= [...terms];
    expanded[index] = replaced;
  }
  return expanded ?? terms;
}

/** The value of a `with` is computed before, outside of it. */
function hoistReplacement(modifier: CoreWith, result: CoreBody): void {
  if (modifier.replacement.kind !== 'term') return;
  const { term } = modifier.replacement;
  if (!requiresEvaluation(term)) return;
  const local = variableTerm(generatedVariable(), term.location);
  expandExpression(equalExpression(local, term, []), result);
  modifier.replacement.term = local;
}

/** A generated `left = right`. */
export function equalExpression(left: CoreTerm, right: CoreTerm, modifiers: CoreWith[]): CoreExpression {
  return {
    kind: 'equal',
    left,
    right,
    assigned: false,
    negated: false,
    with: modifiers,
    generated: true,
    source: right.location,
    location: right.location,
  };
}

function expandTerm(term: CoreTerm, support: CoreBody): CoreTerm {
  switch (term.kind) {
    case 'constant':
    case 'variable':
      return term;
    case 'call':
      return expandCall(term, support, generatedVariable());
    case 'ref':
      return expandRef(term, support);
    case 'array':
    case 'set':
      term.items = expandTerms(term.items, support);
      return term;
    case 'object':
      term.entries = term.entries.map(([key, value]) => [
        expandTerm(key, support),
        expandTerm(value, support),
      ]);
      return term;
    case 'comprehension': {
      const inner: CoreBody = [];
      if (term.key !== undefined) term.key = headTerm(term.key, inner);
      term.term = headTerm(term.term, inner);
      term.body = [...expandBody(term.body), ...inner];
      return term;
    }
  }
}

function expandCall(term: CoreCall, support: CoreBody, result: Variable): CoreTerm {
  const args = term.args.map((argument) => expandTerm(argument, support));
  const output = variableTerm(result, term.location);
  const call: CoreCallExpression = {
    kind: 'call',
    callee: term.callee,
    args: [...args, output],
    negated: false,
    with: [],
    generated: true,
    source: term.location,
    location: term.location,
  };
  support.push(call);
  return output;
}

function expandRef(ref: CoreRef, support: CoreBody): CoreTerm {
  if (typeof ref.root === 'object') {
    const text = ref.root.kind === 'comprehension' ? termText(ref.root) : undefined;
    const root = expandSubject(ref.root, support);
    if (root.kind === 'variable') ref.root = root;
    else if (root.kind === 'ref') {
      // A reference into a reference's value: one longer reference.
      ref.parts = [...root.parts, ...ref.parts];
      ref.root = root.root;
    } else {
      const local = variableTerm(generatedVariable(root, text), ref.location);
      support.push(equalExpression(local, root, []));
      ref.root = local;
    }
  }
  ref.parts = expandTerms(ref.parts, support, expandSubject);
  return ref;
}

/** A call inside a reference: its result is shown as the call in messages. */
function expandSubject(term: CoreTerm, support: CoreBody): CoreTerm {
  if (term.kind !== 'call') return expandTerm(term, support);
  return expandCall(term, support, generatedVariable({ ...term }));
}
