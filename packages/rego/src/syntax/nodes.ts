import type { BooleanTerm, CallTerm, Location, StringTerm, Term, VarTerm } from './ast.ts';

/** Freezes a node: trees are shared between stages and never changed in place. */
export function node<T extends { readonly location: Location }>(value: T): Readonly<T> {
  return Object.freeze(value);
}

export function stringTerm(value: string, location: Location): StringTerm {
  return node({ kind: 'string', value, location });
}

export function varTerm(name: string, location: Location): VarTerm {
  return node({ kind: 'var', name, location });
}

export function booleanTerm(value: boolean, location: Location): BooleanTerm {
  return node({ kind: 'boolean', value, location });
}

export function callTerm(
  operator: readonly string[],
  operatorLocation: Location,
  args: readonly Term[],
  location: Location,
  stepLocations: readonly Location[] = operator.map(() => operatorLocation),
): CallTerm {
  const path = Object.isFrozen(operator) ? operator : Object.freeze([...operator]);
  return node({ kind: 'call', operator: path, operatorLocation, stepLocations, args, location });
}

/** The name that OPA's messages use for a kind of term. */
const TERM_NAMES: Record<Term['kind'], string> = {
  null: 'null',
  boolean: 'boolean',
  number: 'number',
  string: 'string',
  var: 'var',
  ref: 'ref',
  array: 'array',
  object: 'object',
  set: 'set',
  'array-comprehension': 'arraycomprehension',
  'object-comprehension': 'objectcomprehension',
  'set-comprehension': 'setcomprehension',
  call: 'call',
  'template-string': 'templatestring',
};

/** OPA's name for what a term is; a bare `input` or `data` is a reference there. */
export function termName(term: Term): string {
  if (term.kind === 'var' && (term.name === 'input' || term.name === 'data')) return 'ref';
  return TERM_NAMES[term.kind];
}

/** A ref, with `input` and `data` counted as refs as OPA does. */
export function isRefLike(term: Term): boolean {
  return termName(term) === 'ref';
}

/** Holds no variable, reference, call or comprehension. */
export function isGround(term: Term): boolean {
  switch (term.kind) {
    case 'null':
    case 'boolean':
    case 'number':
    case 'string':
      return true;
    case 'array':
    case 'set':
      return term.items.every(isGround);
    case 'object':
      return term.entries.every(([key, value]) => isGround(key) && isGround(value));
    default:
      return false;
  }
}
