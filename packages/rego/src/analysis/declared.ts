import type { Body, Term } from '../syntax/ast.ts';

/** Names that a body declares by `:=`, `some` and `some … in`, nested bodies apart. */
export function declaredNames(body: Body): Set<string> {
  const names = new Set<string>();
  for (const expression of body) {
    if (expression.kind === 'assign') collectPattern(expression.left, names);
    else if (expression.kind === 'some') for (const variable of expression.names) names.add(variable.name);
    else if (expression.kind === 'some-in') for (const name of someInNames(expression)) names.add(name);
  }
  return names;
}

type SomeIn = Extract<Body[number], { kind: 'some-in' }>;

/** The names in the patterns of `some … in`, which its collection may not hold. */
export function someInBound(expression: SomeIn): Set<string> {
  const names = someInPatterns(expression);
  if (expression.key !== undefined) collectSteps(expression.key, DOCUMENTS, names);
  collectSteps(expression.value, DOCUMENTS, names);
  return names;
}

/** The names that `some … in` declares by its patterns: not the documents, which stand for themselves there. */
function someInPatterns({ key, value }: SomeIn): Set<string> {
  const names = new Set<string>();
  if (key !== undefined) collectPattern(key, names);
  collectPattern(value, names);
  names.delete('input');
  names.delete('data');
  return names;
}

/**
 * All names that `some … in` declares: those of its patterns, and, as in OPA, the variables by which references into
 * documents go on in its patterns and in the values of its `with`.
 */
export function someInNames(expression: SomeIn): Set<string> {
  const names = someInPatterns(expression);
  if (expression.key !== undefined) collectSteps(expression.key, DOCUMENTS, names);
  // Beside the key only the documents count that the collection comes from.
  const documents = documentsOf(expression.collection);
  collectSteps(expression.value, documents, names);
  for (const { value } of expression.with) collectSteps(value, documents, names);
  return names;
}

const DOCUMENTS: ReadonlySet<string> = new Set(['input', 'data']);

function documentsOf(term: Term): ReadonlySet<string> {
  if (term.kind === 'var') return new Set([term.name]);
  if (term.kind === 'ref') return documentsOf(term.head);
  if (term.kind === 'array' || term.kind === 'set')
    return new Set(term.items.flatMap((item) => [...documentsOf(item)]));
  return new Set();
}

function collectSteps(term: Term, documents: ReadonlySet<string>, names: Set<string>): void {
  switch (term.kind) {
    case 'ref':
      if (term.head.kind !== 'var' || !DOCUMENTS.has(term.head.name) || !documents.has(term.head.name))
        return;
      for (const part of term.parts) {
        if (part.kind === 'var' && !part.name.startsWith('$')) names.add(part.name);
        collectSteps(part, documents, names);
      }
      return;
    case 'array':
    case 'set':
      for (const item of term.items) collectSteps(item, documents, names);
      return;
    case 'object':
      for (const [key, value] of term.entries) {
        collectSteps(key, documents, names);
        collectSteps(value, documents, names);
      }
      return;
    case 'call':
      for (const argument of term.args) collectSteps(argument, documents, names);
      return;
    default:
  }
}

/** Adds the variables that a pattern can bind: in arrays and in the values of objects. */
export function collectPattern(term: Term, names: Set<string>): void {
  if (term.kind === 'var') names.add(term.name);
  else if (term.kind === 'array') for (const item of term.items) collectPattern(item, names);
  else if (term.kind === 'object') for (const [, value] of term.entries) collectPattern(value, names);
}
