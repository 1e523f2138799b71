import type { CoreTerm, Variable } from '../analysis/core.ts';
import { equalExpression } from '../analysis/expand.ts';
import { walkTerm } from '../analysis/walk.ts';
import { equal, isObject, objectEntries, RegoSet } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import type { State } from './state.ts';
import { openTermVariables } from './tree.ts';

type Go = (state: State) => undefined;

/** Makes two terms equal: by giving variables their values where that can be, by leaving the equality for later else. */
export function unify(left: CoreTerm, right: CoreTerm, state: State, go: Go): undefined {
  const a = state.term(left);
  const b = state.term(right);
  if (a.kind === 'constant' && b.kind === 'constant') {
    if (equal(a.value, b.value)) go(state);
    return;
  }
  if (a.kind === 'variable' && b.kind === 'variable' && a.variable === b.variable) return go(state);
  // A name that somebody wrote says more than one that was made up.
  if (a.kind === 'variable' && isFree(b, state) && b.variable.origin === 'generated')
    return go(state.bind(b.variable, a));
  if (isFree(a, state) && canStandFor(a, b)) return go(state.bind(a.variable, b));
  if (isFree(b, state) && canStandFor(b, a)) return go(state.bind(b.variable, a));
  const pairs = memberPairs(a, b);
  if (pairs === 'never') return;
  if (pairs === undefined) return go(state.save(equalExpression(a, b, [])));
  const next = (index: number, current: State): undefined => {
    if (index === pairs.length) return go(current);
    unify(pairs[index]![0], pairs[index]![1], current, (after) => next(index + 1, after));
  };
  next(0, state);
}

type VariableTerm = Extract<CoreTerm, { kind: 'variable' }>;

function isFree(term: CoreTerm, state: State): term is VariableTerm {
  return term.kind === 'variable' && !state.isOpen(term.variable);
}

/** References are left where they are, because they can be undefined; so are comprehensions. */
function canStandFor({ variable }: VariableTerm, term: CoreTerm): boolean {
  let isPlain = term.kind !== 'comprehension';
  walkTerm(term, {
    ref: () => {
      isPlain = false;
    },
  });
  return isPlain && !containsClosure(term) && !openTermVariables(term).has(variable as Variable);
}

function containsClosure(term: CoreTerm): boolean {
  switch (term.kind) {
    case 'comprehension':
      return true;
    case 'array':
    case 'set':
      return term.items.some(containsClosure);
    case 'object':
      return term.entries.some(([key, value]) => containsClosure(key) || containsClosure(value));
    default:
      return false;
  }
}

/** Members that must be equal one by one; `never` where the terms are of different shapes. */
function memberPairs(
  a: CoreTerm,
  b: CoreTerm,
): readonly (readonly [CoreTerm, CoreTerm])[] | 'never' | undefined {
  const arrays = [arrayItems(a), arrayItems(b)] as const;
  if (arrays[0] !== undefined && arrays[1] !== undefined) {
    const [first, second] = arrays;
    return first.length === second.length ? first.map((item, at) => [item, second[at]!] as const) : 'never';
  }
  const objects = [objectMembers(a), objectMembers(b)] as const;
  if (objects[0] !== undefined && objects[1] !== undefined) return objectPairs(objects[0], objects[1]);
  return isComposite(a) && isComposite(b) && shapeOf(a) !== shapeOf(b) ? 'never' : undefined;
}

function isComposite(term: CoreTerm): boolean {
  return term.kind === 'constant' || term.kind === 'array' || term.kind === 'object' || term.kind === 'set';
}

function shapeOf(term: CoreTerm): string {
  if (term.kind !== 'constant') return term.kind;
  if (Array.isArray(term.value)) return 'array';
  if (isObject(term.value)) return 'object';
  return term.value instanceof RegoSet ? 'set' : 'scalar';
}

function arrayItems(term: CoreTerm): readonly CoreTerm[] | undefined {
  if (term.kind === 'array') return term.items;
  if (term.kind !== 'constant' || !Array.isArray(term.value)) return undefined;
  return (term.value as readonly Value[]).map((value) => ({
    kind: 'constant',
    value,
    location: term.location,
  }));
}

type Members = readonly (readonly [key: Value, value: CoreTerm])[];

function objectMembers(term: CoreTerm): Members | undefined {
  const { location } = term;
  if (term.kind === 'constant' && isObject(term.value)) {
    return objectEntries(term.value).map(
      ([key, value]) => [key, { kind: 'constant', value, location }] as const,
    );
  }
  if (term.kind !== 'object') return undefined;
  const members: (readonly [Value, CoreTerm])[] = [];
  for (const [key, value] of term.entries) {
    if (key.kind !== 'constant') return undefined;
    members.push([key.value, value]);
  }
  return members;
}

function objectPairs(a: Members, b: Members): readonly (readonly [CoreTerm, CoreTerm])[] | 'never' {
  if (a.length !== b.length) return 'never';
  const pairs: (readonly [CoreTerm, CoreTerm])[] = [];
  for (const [key, value] of a) {
    const other = b.find(([name]) => equal(name, key));
    if (other === undefined) return 'never';
    pairs.push([value, other[1]]);
  }
  return pairs;
}
