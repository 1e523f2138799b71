import type { CoreBody, CoreExpression, CoreRule, CoreTerm, Variable } from './core.ts';
import { generatedVariable, variableTerm } from './core.ts';
import { equalExpression } from './expand.ts';
import { termVariables, walkExpressionVariables } from './walk.ts';

const CALLED = 'internal.test_case';

/**
 * Lets tests with cases (`test_x[name] if …`) say which case they are at, as early in their bodies as it is known: so
 * a case whose body fails is known too (OPA's `injectTestCaseFunc`).
 */
export function nameTestCases(rule: CoreRule): void {
  const [main] = rule.branches;
  const { path, packagePath, location } = rule;
  const name = path.findIndex((step, index) => index >= packagePath.length && step.startsWith('test_'));
  const names =
    name < 0 ? [] : path.slice(name + 1).map((value): CoreTerm => ({ kind: 'constant', value, location }));
  const hasCases = name >= 0 && names.length + rule.tail.length > 0;
  if (!hasCases || rule.isDefault || main === undefined || main.body.some(isTestCase)) return;
  rule.tail = rule.tail.map((term) => known(main.body, term));
  const places = rule.tail.flatMap((term) => [...termVariables(term)].map((one) => firstUse(main.body, one)));
  main.body.splice(Math.max(-1, ...places) + 1, 0, call([...names, ...rule.tail], location));
}

function isTestCase(expression: CoreExpression): boolean {
  return (
    expression.kind === 'call' && expression.callee.kind === 'builtin' && expression.callee.name === CALLED
  );
}

/** A step that has to be looked up or computed gets a variable, right after what it needs. */
function known(body: CoreBody, term: CoreTerm): CoreTerm {
  if (term.kind === 'constant' || term.kind === 'variable') return term;
  const places = [...termVariables(term)].map((variable) => firstUse(body, variable));
  const local = variableTerm(generatedVariable(), term.location);
  body.splice(Math.max(-1, ...places) + 1, 0, equalExpression(local, term, []));
  return local;
}

function firstUse(body: CoreBody, wanted: Variable): number {
  return body.findIndex((expression) => {
    let found = false;
    walkExpressionVariables(expression, (variable) => {
      if (variable === wanted) found = true;
    });
    return found;
  });
}

function call(items: CoreTerm[], location: CoreRule['location']): CoreExpression {
  return {
    kind: 'call',
    callee: { kind: 'builtin', name: CALLED },
    args: [{ kind: 'array', items, location }],
    negated: false,
    with: [],
    generated: false,
    source: location,
    location,
  };
}
