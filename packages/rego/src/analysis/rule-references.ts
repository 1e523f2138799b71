import { compare, equal } from '../value/index.ts';
import type { CoreBody, CoreExpression, CoreRef, CoreTerm, Variable } from './core.ts';
import { termText } from './term-text.ts';
import {
  expressionTerms,
  innerBodies,
  termParts,
  walkExpressionVariables,
  walkTermVariables,
} from './walk.ts';

/** A reference that begins at a document. */
export interface Reference {
  readonly root: 'input' | 'data';
  readonly parts: readonly CoreTerm[];
}

type Joined = ReadonlyMap<Variable, Reference[]>;

/**
 * The references to documents that a body with its head depends on, variables followed to what they stand for (OPA
 * `dependencies.All`); a reference of which another one is the beginning is left out.
 */
export function referencesOf(
  body: CoreBody,
  head: readonly CoreTerm[],
  isQuery = false,
): readonly Reference[] {
  const { bound, others } = takeEqualities(body, isQuery);
  const joined = join(bound);
  const headVariables = new Set<Variable>();
  for (const term of head) walkTermVariables(term, (variable) => headVariables.add(variable));
  const resolved: Reference[] = [];
  const add = (ref: CoreRef): void => {
    resolved.push(...expand(ref, joined));
  };
  const { headReferences, leftover } = splitHeadReferences(others, headVariables, joined);
  for (const expression of leftover) walkReferences(expression, add);
  for (const reference of headReferences) {
    if (!resolved.some((one) => isBeginning(reference, one))) resolved.push(reference);
    for (const part of reference.parts) walkTermReferences(part, add);
  }
  // OPA has taken references inside of others out of them.
  for (const { parts } of [...bound.values()].flat()) for (const part of parts) walkTermReferences(part, add);
  const used = usedVariables(body, leftover);
  const isAlias = (variable: Variable, references: readonly Reference[]): boolean =>
    references.length === 1 && !headVariables.has(variable) && !used.has(variable);
  for (const [variable, references] of joined) {
    for (const reference of references) {
      if (!isAlias(variable, references)) resolved.push(reference);
      for (const part of reference.parts) walkTermReferences(part, add);
    }
  }
  const before = [...resolved];
  for (const [variable, references] of joined) {
    if (!isAlias(variable, references)) continue;
    const [only] = references;
    const isCovered = before.some((one) => isBeginning(one, only!) || isBeginning(only!, one));
    if (!isCovered) resolved.push(only!);
  }
  return minimal(resolved);
}

/** References in order, each once, and none that goes on from the one before it. */
export function minimal(references: readonly Reference[]): readonly Reference[] {
  const kept: Reference[] = [];
  for (const reference of references.toSorted(compareReferences)) {
    const last = kept.at(-1);
    if (last === undefined || !isBeginning(last, reference)) kept.push(reference);
  }
  return kept;
}

/** As OPA orders references: step by step, scalars first, then variables, then everything else. */
export function compareReferences(a: Reference, b: Reference): number {
  if (a.root !== b.root) return a.root < b.root ? -1 : 1;
  for (const [index, part] of a.parts.entries()) {
    const other = b.parts[index];
    if (other === undefined) return 1;
    const order = compareParts(part, other);
    if (order !== 0) return order;
  }
  return a.parts.length - b.parts.length;
}

const RANKS: readonly CoreTerm['kind'][] = ['constant', 'variable', 'ref'];

function compareParts(a: CoreTerm, b: CoreTerm): number {
  if (a.kind === 'constant' && b.kind === 'constant') return compare(a.value, b.value);
  const rank = ({ kind }: CoreTerm): number => (RANKS.includes(kind) ? RANKS.indexOf(kind) : RANKS.length);
  const order = rank(a) - rank(b);
  if (order !== 0) return order;
  const [left, right] = [termText(a), termText(b)];
  return left === right ? 0 : left < right ? -1 : 1;
}

function isBeginning(beginning: Reference, whole: Reference): boolean {
  return (
    beginning.root === whole.root &&
    beginning.parts.every(
      (part, index) => whole.parts[index] !== undefined && isSame(part, whole.parts[index]),
    )
  );
}

function isSame(a: CoreTerm, b: CoreTerm): boolean {
  if (a.kind === 'constant') return b.kind === 'constant' && equal(a.value, b.value);
  if (a.kind === 'variable') return b.kind === 'variable' && a.variable === b.variable;
  return a.kind === b.kind && termText(a) === termText(b);
}

/** Equalities of a variable and a reference; everything else is looked at as it is. */
function takeEqualities(body: CoreBody, isQuery: boolean) {
  const bound = new Map<Variable, CoreRef[]>();
  const others: CoreExpression[] = [];
  for (const expression of body) {
    walkExpressionVariables(expression, (variable) => {
      if (!bound.has(variable)) bound.set(variable, []);
    });
    const pair = equality(expression, isQuery);
    if (pair === undefined) others.push(expression);
    else bound.get(pair[0])!.push(pair[1]);
  }
  return { bound, others };
}

/** In a rule OPA has made `=` of `==`; an assignment of a query is none yet. */
function equality(expression: CoreExpression, isQuery: boolean): readonly [Variable, CoreRef] | undefined {
  const [left, right] = operandsOf(expression, isQuery);
  if (left?.kind === 'variable' && right?.kind === 'ref') return [left.variable, right];
  if (right?.kind === 'variable' && left?.kind === 'ref') return [right.variable, left];
  return undefined;
}

function operandsOf(expression: CoreExpression, isQuery: boolean): readonly CoreTerm[] {
  if (expression.kind === 'equal') {
    return isQuery && expression.assigned ? [] : [expression.left, expression.right];
  }
  if (isQuery || expression.kind !== 'call' || expression.callee.kind !== 'builtin') return [];
  return expression.callee.name === 'equal' && expression.args.length === 2 ? expression.args : [];
}

/** What each variable stands for, through other variables. */
function join(bound: ReadonlyMap<Variable, readonly CoreRef[]>): Joined {
  const joined = new Map<Variable, Reference[]>();
  for (const variable of bound.keys()) joined.set(variable, []);
  for (let isDone = false; !isDone; ) {
    isDone = true;
    for (const [variable, refs] of bound) {
      const known = joined.get(variable)!;
      for (const reference of refs.flatMap((ref) => expand(ref, joined))) {
        if (known.some((one) => compareReferences(one, reference) === 0)) continue;
        known.push(reference);
        isDone = false;
      }
    }
  }
  return joined;
}

function expand({ root, parts }: CoreRef, joined: Joined): Reference[] {
  if (typeof root === 'string') return [{ root, parts }];
  const known = root.kind === 'variable' ? (joined.get(root.variable) ?? []) : [];
  return known.map((reference) => ({ root: reference.root, parts: [...reference.parts, ...parts] }));
}

/** A lone reference that ends in a variable of the head gives what stands before. */
function splitHeadReferences(
  others: readonly CoreExpression[],
  headVariables: ReadonlySet<Variable>,
  joined: Joined,
) {
  const headReferences: Reference[] = [];
  const leftover: CoreExpression[] = [];
  for (const expression of others) {
    const term = expression.kind === 'test' ? expression.term : undefined;
    const end = term?.kind === 'ref' ? term.parts.at(-1) : undefined;
    if (term?.kind === 'ref' && end?.kind === 'variable' && headVariables.has(end.variable)) {
      headReferences.push(...expand(term, joined));
    } else leftover.push(expression);
  }
  return { headReferences, leftover };
}

function usedVariables(body: CoreBody, leftover: readonly CoreExpression[]): ReadonlySet<Variable> {
  const used = new Set<Variable>();
  for (const expression of leftover) {
    walkExpressionVariables(expression, (variable) => used.add(variable), { skipRefRoots: true });
  }
  for (const expression of body) {
    walkReferences(expression, ({ parts }) => {
      for (const part of parts) if (part.kind === 'variable') used.add(part.variable);
    });
  }
  return used;
}

function walkReferences(expression: CoreExpression, visit: (ref: CoreRef) => void): void {
  const { location } = expression;
  if (expression.kind === 'call') {
    const { callee } = expression;
    // As in OPA's command, what is printed is no dependency.
    if (callee.kind === 'builtin' && callee.name === 'internal.print') return;
    if (callee.kind === 'function') visit(functionReference(callee.path, location));
  }
  for (const { target, replacement } of expression.with) {
    if (target.kind !== 'builtin') visit({ ...functionReference(target.path, location), root: target.kind });
    if (replacement.kind === 'function') visit(functionReference(replacement.path, location));
  }
  for (const term of expressionTerms(expression)) walkTermReferences(term, visit);
  for (const body of innerBodies(expression)) for (const inner of body) walkReferences(inner, visit);
}

function walkTermReferences(term: CoreTerm, visit: (ref: CoreRef) => void): void {
  if (term.kind === 'comprehension') {
    for (const part of [term.key, term.term]) if (part !== undefined) walkTermReferences(part, visit);
    for (const expression of term.body) walkReferences(expression, visit);
    return;
  }
  if (term.kind === 'ref') visit(term);
  if (term.kind === 'call' && term.callee.kind === 'function') {
    visit(functionReference(term.callee.path, term.location));
  }
  for (const part of termParts(term)) walkTermReferences(part, visit);
}

function functionReference(path: readonly string[], location: CoreTerm['location']): CoreRef {
  return {
    kind: 'ref',
    root: 'data',
    parts: path.map((value) => ({ kind: 'constant', value, location })),
    location,
  };
}
