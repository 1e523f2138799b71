import type { CoreBody, CoreExpression, CoreRule, CoreTerm, Variable } from '../analysis/core.ts';
import { walkExpressionVariables, walkTermVariables } from '../analysis/walk.ts';
import { makeObject, RegoSet } from '../value/index.ts';
import type { Value } from '../value/value.ts';

/** Puts a term in the place of each one that it is given; undefined keeps the term and looks inside. */
export type Replace = (term: CoreTerm) => CoreTerm | undefined;

const TERM_KINDS: ReadonlySet<string> = new Set([
  'constant',
  'variable',
  'ref',
  'array',
  'set',
  'object',
  'comprehension',
]);

/** A copy of a term with terms replaced; arrays, sets and objects of constants become constants. */
export function mapTerm(term: CoreTerm, replace: Replace): CoreTerm {
  return mapNode(term, replace) as CoreTerm;
}

/** A copy of an expression with terms replaced at any depth. */
export function mapExpression<E extends CoreExpression>(expression: E, replace: Replace): E {
  return mapNode(expression, replace) as E;
}

/**
 * Core trees are plain data: whatever has a `kind` of a term is one, and whatever else is found is looked into, so
 * that an expression of a new kind needs nothing here.
 */
function mapNode(node: unknown, replace: Replace): unknown {
  if (Array.isArray(node)) return node.map((item) => mapNode(item, replace));
  if (node === null || typeof node !== 'object') return node;
  const { kind } = node as { readonly kind?: unknown };
  if (typeof kind === 'string' && TERM_KINDS.has(kind) && isTerm(node)) {
    const replaced = replace(node);
    if (replaced !== undefined) return replaced;
    if (node.kind === 'constant' || node.kind === 'variable') return node;
  }
  // A variable, which `every` holds outside of any term.
  if ('origin' in node) return node;
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) copy[key] = isKept(key) ? value : mapNode(value, replace);
  return isTerm(copy) ? folded(copy) : copy;
}

/** A term and not the target or replacement of a `with`, whose `kind` can be of the same name. */
function isTerm(node: object): node is CoreTerm {
  return 'location' in node && 'kind' in node && TERM_KINDS.has(node.kind as string);
}

function isKept(key: string): boolean {
  return key === 'location' || key === 'source' || key === 'callee' || key === 'target' || key === 'variable';
}

function constants(items: readonly CoreTerm[]): Value[] | undefined {
  const values: Value[] = [];
  for (const item of items) {
    if (item.kind !== 'constant') return undefined;
    values.push(item.value);
  }
  return values;
}

function folded(term: CoreTerm): CoreTerm {
  const { location } = term;
  switch (term.kind) {
    case 'array': {
      const values = constants(term.items);
      return values === undefined ? term : { kind: 'constant', value: values, location };
    }
    case 'set': {
      const values = constants(term.items);
      return values === undefined ? term : { kind: 'constant', value: RegoSet.from(values), location };
    }
    case 'object': {
      const keys = constants(term.entries.map(([key]) => key));
      const values = constants(term.entries.map(([, value]) => value));
      if (keys === undefined || values === undefined) return term;
      return { kind: 'constant', value: makeObject(keys.map((key, at) => [key, values[at]!])), location };
    }
    case 'ref': {
      // A reference into a reference's value: one longer reference.
      if (typeof term.root !== 'object' || term.root.kind !== 'ref') return term;
      return { ...term, root: term.root.root, parts: [...term.root.parts, ...term.parts] };
    }
    default:
      return term;
  }
}

/** A rule with variables of its own, so that it can be put into a body several times. */
export function freshRule(rule: CoreRule): CoreRule {
  const fresh = new Map<Variable, Variable>();
  // A rule that is like another one has its parts when they are asked for.
  const { form, path, packagePath, packageLocation, tail, args, key, isDefault, branches } = rule;
  const { file, row, location } = rule;
  const own = { form, path, packagePath, packageLocation, tail, args, key, isDefault, branches };
  return renameVariables({ ...own, file, row, location }, fresh) as CoreRule;
}

function renameVariables(node: unknown, fresh: Map<Variable, Variable>): unknown {
  if (Array.isArray(node)) return node.map((item) => renameVariables(item, fresh));
  if (node === null || typeof node !== 'object') return node;
  if ('origin' in node && 'name' in node) {
    const variable = node as Variable;
    const known = fresh.get(variable);
    if (known !== undefined) return known;
    const made: Variable = { name: variable.name, origin: variable.origin };
    fresh.set(variable, made);
    return made;
  }
  if ('kind' in node && node.kind === 'constant') return node;
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    const isKeptAsIs = key === 'location' || key === 'source' || key === 'callee' || key === 'target';
    copy[key] = isKeptAsIs ? value : renameVariables(value, fresh);
  }
  return copy;
}

/** Variables of an expression outside of comprehensions and the bodies of `every`. */
export function openVariables(expression: CoreExpression): ReadonlySet<Variable> {
  const found = new Set<Variable>();
  walkExpressionVariables(expression, (variable) => found.add(variable), { skipClosures: true });
  return found;
}

export function openTermVariables(term: CoreTerm): ReadonlySet<Variable> {
  const found = new Set<Variable>();
  walkTermVariables(term, (variable) => found.add(variable), { skipClosures: true });
  return found;
}

/** Every variable, closures included. */
export function allVariables(body: CoreBody): ReadonlySet<Variable> {
  const found = new Set<Variable>();
  for (const expression of body) walkExpressionVariables(expression, (variable) => found.add(variable));
  return found;
}
