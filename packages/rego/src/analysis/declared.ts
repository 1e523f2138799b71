import type { Body, Term } from '../syntax/ast.ts';

/** Names that a body declares by `:=`, `some` and `some … in`, nested bodies apart. */
export function declaredNames(body: Body): Set<string> {
  const names = new Set<string>();
  for (const expression of body) {
    if (expression.kind === 'assign') collectPattern(expression.left, names);
    else if (expression.kind === 'some') for (const variable of expression.names) names.add(variable.name);
    else if (expression.kind === 'some-in') {
      if (expression.key !== undefined) collectPattern(expression.key, names);
      collectPattern(expression.value, names);
    }
  }
  return names;
}

/** Adds the variables that a pattern can bind: in arrays and in the values of objects. */
export function collectPattern(term: Term, names: Set<string>): void {
  if (term.kind === 'var') names.add(term.name);
  else if (term.kind === 'array') for (const item of term.items) collectPattern(item, names);
  else if (term.kind === 'object') for (const [, value] of term.entries) collectPattern(value, names);
}
