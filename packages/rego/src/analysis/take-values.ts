import type { CoreBody, CoreExpression, CoreTerm, Variable } from './core.ts';
import { variableTerm } from './core.ts';
import type { ArityOf } from './own-variables.ts';

/**
 * Takes the value of each expression of a query into a variable, and tests these at its end, as OPA does (its
 * `rewriteQueryToCaptureValue`): an expression that is false does not keep those after it from being evaluated. The
 * variables are called as wildcards are, as OPA's messages show them.
 */
export function takeValues(body: CoreBody, arityOf: ArityOf): CoreBody {
  const tests: CoreBody = [];
  const taken = body.map((expression): CoreExpression => {
    if (!givesValue(expression, arityOf)) return expression;
    const variable: Variable = { name: '_', origin: 'user' };
    const { negated, source, location } = expression;
    const value = variableTerm(variable, location);
    tests.push({ kind: 'test', term: value, negated, with: [], generated: true, source, location });
    return expression.kind === 'call'
      ? { ...expression, args: [...expression.args, value] }
      : equality(expression, value);
  });
  return [...taken, ...tests];
}

type Test = Extract<CoreExpression, { kind: 'test' }>;
type Call = Extract<CoreExpression, { kind: 'call' }>;

function givesValue(expression: CoreExpression, arityOf: ArityOf): expression is Test | Call {
  if (expression.negated) return false;
  if (expression.kind !== 'call') return expression.kind === 'test';
  const { callee, args } = expression;
  const isVoid = callee.kind === 'builtin' && callee.name === 'internal.print';
  return !isVoid && args.length === arityOf(callee);
}

function equality({ term, kind: _kind, ...common }: Test, value: CoreTerm): CoreExpression {
  return { ...common, kind: 'equal', left: term, right: value, assigned: false };
}
