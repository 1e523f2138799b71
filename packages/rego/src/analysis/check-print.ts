import { compareStrings } from '../value/index.ts';
import type { CoreBody, CoreExpression, CoreRule, CoreTerm, Variable } from './core.ts';
import type { ArityOf } from './own-variables.ts';
import type { Report } from './report.ts';
import { comprehensionsOf, outputsOf } from './safety.ts';
import type { VariableSet } from './unify.ts';
import { expressionTerms, innerBodies, termVariables } from './walk.ts';

interface PrintCheck {
  readonly arityOf: ArityOf;
  readonly report: Report;
}

/**
 * Refuses operands of `print` with variables that have no value where it stands: it shows what was found before it and
 * is not put in another place (OPA's stage RewritePrintCalls).
 */
export function checkPrintCalls(rule: CoreRule, check: PrintCheck): void {
  const known = new Set<Variable>();
  for (const argument of rule.args) for (const variable of termVariables(argument)) known.add(variable);
  for (const { body } of rule.branches) if (holdsPrint(body)) visitBody(body, known, check);
}

/** Most bodies hold none and are left alone. */
function holdsPrint(body: CoreBody): boolean {
  return body.some((expression) => {
    if (isPrint(expression) || innerBodies(expression).some(holdsPrint)) return true;
    return comprehensionsOf(expression).some((inner) => holdsPrint(inner.body));
  });
}

function isPrint(expression: CoreExpression): boolean {
  if (expression.kind !== 'call') return false;
  const { callee } = expression;
  return callee.kind === 'builtin' && callee.name === 'internal.print';
}

function visitBody(body: CoreBody, globals: VariableSet, check: PrintCheck): void {
  const known = new Set(globals);
  for (const expression of body) {
    if (isPrint(expression)) checkOperands(expression, known, check.report);
    else visitInside(expression, known, check);
    for (const variable of outputsOf(expression, known, check.arityOf)) known.add(variable);
    for (const term of expressionTerms(expression)) {
      for (const variable of termVariables(term)) if (variable.origin === 'generated') known.add(variable);
    }
  }
}

function visitInside(expression: CoreExpression, known: VariableSet, check: PrintCheck): void {
  for (const comprehension of comprehensionsOf(expression)) visitBody(comprehension.body, known, check);
  const inner = new Set(known);
  if (expression.kind === 'every') {
    inner.add(expression.value);
    if (expression.key !== undefined) inner.add(expression.key);
  }
  for (const body of innerBodies(expression)) visitBody(body, inner, check);
}

function checkOperands(expression: CoreExpression, known: VariableSet, report: Report): void {
  for (const operand of operandsOf(expression)) {
    const missing = [...termVariables(operand, { skipClosures: true })]
      .filter((variable) => !known.has(variable) && variable.origin !== 'generated')
      .sort((a, b) => compareStrings(a.name, b.name));
    for (const { name, origin } of missing) {
      const shown = origin === 'wildcard' ? '_' : name;
      report.error('rego_compile_error', `var ${shown} is undeclared`, operand.location);
    }
  }
}

/** What is printed: each operand stands in a comprehension of its own, so that what is undefined shows too. */
function operandsOf(expression: CoreExpression): CoreTerm[] {
  const [list] = expression.kind === 'call' ? expression.args : [];
  if (list?.kind !== 'array') return [];
  return list.items.flatMap((item) => {
    const [capture] = item.kind === 'comprehension' ? item.body : [];
    return capture?.kind === 'equal' ? [capture.right] : [];
  });
}
