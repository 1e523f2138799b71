import { compareStrings } from '../value/index.ts';
import type { CoreBody, CoreComprehension, CoreExpression, CoreRule, CoreTerm, Variable } from './core.ts';
import type { ArityOf } from './own-variables.ts';
import type { Report } from './report.ts';
import { outputsOf } from './safety.ts';
import type { VariableSet } from './unify.ts';
import { expressionTerms, innerBodies, termParts, termVariables } from './walk.ts';

interface PrintCheck {
  readonly arityOf: ArityOf;
  readonly report: Report;
}

/**
 * Refuses operands of `print` with variables that have no value where it stands: it shows what was found before it and
 * is not put in another place. Expressions in template strings likewise need values from their body or around it
 * (OPA's stages RewriteTemplateStrings and RewritePrintCalls).
 */
export function checkShownVariables(rule: CoreRule, check: PrintCheck): void {
  let globals: Set<Variable> | undefined;
  for (const [index, { body, value }] of rule.branches.entries()) {
    const head = [value, ...(index === 0 ? [...rule.args, ...rule.tail, rule.key] : [])];
    if (!body.some(showsSomething) && !head.some((term) => term !== undefined && isShowing(term))) continue;
    globals ??= new Set(rule.args.flatMap((argument) => [...termVariables(argument)]));
    const known = visitBody(body, globals, check);
    for (const term of head) if (term !== undefined) visitTerm(term, known, known, check);
  }
}

/** Most bodies hold no such call and are left alone. */
function showsSomething(expression: CoreExpression): boolean {
  return (
    isPrint(expression) ||
    innerBodies(expression).some((body) => body.some(showsSomething)) ||
    expressionTerms(expression).some(isShowing)
  );
}

function isShowing(term: CoreTerm): boolean {
  if (term.kind === 'constant' || term.kind === 'variable') return false;
  if (isTemplate(term)) return true;
  if (term.kind !== 'comprehension') return termParts(term).some(isShowing);
  return (
    term.body.some(showsSomething) ||
    [term.key, term.term].some((part) => part !== undefined && isShowing(part))
  );
}

function isPrint(expression: CoreExpression): boolean {
  if (expression.kind !== 'call') return false;
  const { callee } = expression;
  return callee.kind === 'builtin' && callee.name === 'internal.print';
}

function isTemplate(term: CoreTerm): boolean {
  return (
    term.kind === 'call' && term.callee.kind === 'builtin' && term.callee.name === 'internal.template_string'
  );
}

/** Checks a body; gives the variables that have a value after it. */
function visitBody(body: CoreBody, globals: VariableSet, check: PrintCheck): VariableSet {
  const all = new Set(globals);
  for (const expression of body) {
    for (const variable of outputsOf(expression, all, check.arityOf)) all.add(variable);
  }
  const before = new Set(globals);
  for (const expression of body) {
    if (isPrint(expression)) checkOperands(operandsOf(expression), before, check.report);
    for (const term of expressionTerms(expression)) visitTerm(term, all, before, check);
    visitInnerBodies(expression, all, check);
    for (const variable of outputsOf(expression, before, check.arityOf)) before.add(variable);
  }
  return all;
}

function visitInnerBodies(expression: CoreExpression, known: VariableSet, check: PrintCheck): void {
  const inner = new Set(known);
  if (expression.kind === 'every') {
    inner.add(expression.value);
    if (expression.key !== undefined) inner.add(expression.key);
  }
  for (const body of innerBodies(expression)) visitBody(body, inner, check);
}

/** Template strings and closures in a term; prints in closures see what stands before the expression. */
function visitTerm(term: CoreTerm, known: VariableSet, before: VariableSet, check: PrintCheck): void {
  if (term.kind === 'comprehension') {
    const inner = visitBody(term.body, isCapture(term) ? known : new Set([...known, ...before]), check);
    for (const part of [term.key, term.term]) if (part !== undefined) visitTerm(part, inner, inner, check);
    return;
  }
  if (isTemplate(term)) {
    const [list] = term.kind === 'call' ? term.args : [];
    const shown = capturesIn(list).filter(({ kind }) => kind !== 'variable');
    checkOperands(shown, known, check.report);
  }
  for (const part of termParts(term)) visitTerm(part, known, before, check);
}

function isCapture({ body }: CoreComprehension): boolean {
  return body.length === 1 && body[0]!.generated;
}

function checkOperands(operands: readonly CoreTerm[], known: VariableSet, report: Report): void {
  for (const operand of operands) {
    const missing = [...new Set(variablesShown(operand))]
      .filter((variable) => !known.has(variable) && variable.origin !== 'generated')
      .sort((a, b) => compareStrings(a.name, b.name));
    for (const { name, origin } of missing) {
      const shown = origin === 'wildcard' ? '_' : name;
      report.error('rego_compile_error', `var ${shown} is undeclared`, operand.location);
    }
  }
}

/** The variables outside of closures; template strings count as such. */
function variablesShown(term: CoreTerm): Variable[] {
  if (term.kind === 'variable') return [term.variable];
  return isTemplate(term) ? [] : termParts(term).flatMap(variablesShown);
}

function operandsOf(expression: CoreExpression): CoreTerm[] {
  return capturesIn(expression.kind === 'call' ? expression.args[0] : undefined);
}

/** What is shown: each operand stands in a comprehension of its own, so that what is undefined shows too. */
function capturesIn(list: CoreTerm | undefined): CoreTerm[] {
  if (list?.kind !== 'array') return [];
  return list.items.flatMap((item) => {
    const [capture] = item.kind === 'comprehension' ? item.body : [];
    return capture?.kind === 'equal' ? [capture.right] : [];
  });
}
