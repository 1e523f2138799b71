import type { Body, Term } from '../syntax/ast.ts';

const DECLARING: ReadonlySet<string> = new Set(['assign', 'some', 'some-in']);
const NO_NAMES: ReadonlySet<string> = new Set();

/** Names that a body declares by `:=`, `some` and `some … in`, nested bodies apart. */
export function declaredNames(body: Body): ReadonlySet<string> {
  if (!body.some(({ kind }) => DECLARING.has(kind))) return NO_NAMES;
  const names = new Set<string>();
  for (const expression of body) {
    if (expression.kind === 'assign') collectPattern(expression.left, names);
    else if (expression.kind === 'some') for (const variable of expression.names) names.add(variable.name);
    else if (expression.kind === 'some-in') {
      for (const term of [expression.key, expression.value]) collectAll(term, names);
    }
  }
  for (const document of DOCUMENTS) names.delete(document);
  return names;
}

const DOCUMENTS = ['input', 'data'];

/** Adds the variables that a pattern can bind: in arrays and in the values of objects. */
export function collectPattern(term: Term, names: Set<string>): void {
  if (term.kind === 'var') names.add(term.name);
  else if (term.kind === 'array') for (const item of term.items) collectPattern(item, names);
  else if (term.kind === 'object') for (const [, value] of term.entries) collectPattern(value, names);
}

/** Adds every variable that stands anywhere in a tree of nodes. */
export function collectAll(node: unknown, names: Set<string>): void {
  if (typeof node !== 'object' || node === null) return;
  if ('kind' in node && node.kind === 'var' && 'name' in node) names.add(String(node.name));
  else for (const part of Object.values(node)) collectAll(part, names);
}
