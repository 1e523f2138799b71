import type { CoreBody, CoreExpression, CoreTerm } from './core.ts';
import { generatedVariable, variableTerm } from './core.ts';
import { equalExpression } from './expand.ts';

/**
 * Takes the references and comprehensions out of negated expressions (OPA's stage RewriteDynamicTerms, which runs
 * after the check of safety). It decides a meaning: in `not startswith(input.x, "a")` the reference stands outside
 * of the negation, so an undefined `input.x` fails the body; in `not input.x == "a"` it stays inside. Expressions
 * that are not negated mean the same either way and are left alone.
 *
 * @param isQuery a query's own bodies: OPA has `==` there still as a call when it gets here, so that references go
 *   out of it as well
 */
export function hoistBody(body: CoreBody, isQuery = false): CoreBody {
  let result: CoreBody | undefined;
  for (let index = 0; index < body.length; index++) {
    const expression = body[index]!;
    if (expression.kind === 'every') expression.body = hoistBody(expression.body, isQuery);
    if (expression.kind === 'logical') {
      for (const operand of expression.operands) operand.body = hoistBody(operand.body, isQuery);
    }
    for (const term of directTerms(expression)) hoistNestedBodies(term, isQuery);
    const before: CoreBody = [];
    if (expression.negated) hoistNegated(expression, before, isQuery);
    else if (expression.kind === 'equal') hoistRulesInPatterns(expression, before);
    // Few bodies get more expressions: the others stay as they are.
    if (before.length > 0) result ??= body.slice(0, index);
    result?.push(...before, expression);
  }
  return result ?? body;
}

function directTerms(expression: CoreExpression): CoreTerm[] {
  switch (expression.kind) {
    case 'test':
      return [expression.term];
    case 'equal':
      return [expression.left, expression.right];
    case 'call':
      return expression.args;
    case 'every':
    case 'logical':
      return [];
  }
}

/** Rewrites the bodies of comprehensions inside a term. */
export function hoistNestedBodies(term: CoreTerm, isQuery = false): void {
  switch (term.kind) {
    case 'comprehension':
      term.body = hoistBody(term.body, isQuery);
      return;
    case 'array':
    case 'set':
      for (const item of term.items) hoistNestedBodies(item, isQuery);
      return;
    case 'object':
      for (const [key, value] of term.entries) {
        hoistNestedBodies(key, isQuery);
        hoistNestedBodies(value, isQuery);
      }
      return;
    case 'ref':
      for (const part of term.parts) if (part.kind !== 'constant') hoistNestedBodies(part, isQuery);
      return;
    case 'call':
      for (const argument of term.args) hoistNestedBodies(argument, isQuery);
      return;
    case 'constant':
    case 'variable':
  }
}

function hoistNegated(expression: CoreExpression, result: CoreBody, isQuery: boolean): void {
  if (expression.kind === 'test') expression.term = shallow(expression.term, expression, result);
  else if (expression.kind === 'equal') {
    expression.left = shallow(expression.left, expression, result);
    expression.right = shallow(expression.right, expression, result);
  } else if (expression.kind === 'call') {
    if (!isQuery && isEquality(expression)) {
      expression.args = expression.args.map((argument) => shallow(argument, expression, result));
    } else expression.args = expression.args.map((argument) => deep(argument, expression, result));
  }
}

/** Rules in a pattern are evaluated before anything is compared with it: they may contradict each other. */
function hoistRulesInPatterns(
  expression: Extract<CoreExpression, { kind: 'equal' }>,
  result: CoreBody,
): void {
  const isPattern = ({ kind }: CoreTerm): boolean => kind === 'array' || kind === 'object';
  if (isPattern(expression.left) && readsRules(expression.left)) {
    expression.left = deep(expression.left, expression, result);
  }
  if (isPattern(expression.right) && readsRules(expression.right)) {
    expression.right = deep(expression.right, expression, result);
  }
}

function readsRules(term: CoreTerm): boolean {
  switch (term.kind) {
    case 'ref':
      return term.root === 'data';
    case 'array':
      return term.items.some(readsRules);
    case 'object':
      return term.entries.some(([key, value]) => readsRules(key) || readsRules(value));
    default:
      return false;
  }
}

function isEquality(expression: CoreExpression): boolean {
  return (
    expression.kind === 'call' &&
    expression.callee.kind === 'builtin' &&
    expression.callee.name === 'equal' &&
    expression.args.length === 2
  );
}

/** The operand itself stays; what stands inside of it goes. */
function shallow(term: CoreTerm, original: CoreExpression, result: CoreBody): CoreTerm {
  if (term.kind === 'ref') {
    term.parts = term.parts.map((part) => deep(part, original, result));
    return term;
  }
  return term.kind === 'comprehension' ? term : deep(term, original, result);
}

function deep(term: CoreTerm, original: CoreExpression, result: CoreBody): CoreTerm {
  switch (term.kind) {
    case 'ref':
      term.parts = term.parts.map((part) => deep(part, original, result));
      return toLocal(term, original, result);
    case 'comprehension':
      return toLocal(term, original, result);
    case 'array':
    case 'set':
      term.items = term.items.map((item) => deep(item, original, result));
      return term;
    case 'object':
      term.entries = term.entries.map(([key, value]) => [
        deep(key, original, result),
        deep(value, original, result),
      ]);
      return term;
    case 'constant':
    case 'variable':
    case 'call':
      return term;
  }
}

function toLocal(term: CoreTerm, original: CoreExpression, result: CoreBody): CoreTerm {
  const local = variableTerm(generatedVariable(), term.location);
  result.push(equalExpression(local, term, original.with));
  return local;
}
