import type { CoreBody, CoreExpression, CoreRef, CoreTerm, Variable } from './core.ts';

/** What a walk over variables leaves out. */
export interface WalkOptions {
  /** Do not enter comprehensions and the bodies of `every`. */
  readonly skipClosures?: boolean;
  readonly skipRefRoots?: boolean;
  readonly skipSets?: boolean;
  readonly skipObjectKeys?: boolean;
}

/** Calls back for every variable of a term. */
export function walkTermVariables(
  term: CoreTerm,
  visit: (variable: Variable, at: CoreTerm) => void,
  options: WalkOptions = {},
): void {
  switch (term.kind) {
    case 'constant':
      return;
    case 'variable':
      visit(term.variable, term);
      return;
    case 'ref':
      if (typeof term.root === 'object' && !options.skipRefRoots)
        walkTermVariables(term.root, visit, options);
      for (const part of term.parts) walkTermVariables(part, visit, options);
      return;
    case 'array':
      for (const item of term.items) walkTermVariables(item, visit, options);
      return;
    case 'set':
      if (options.skipSets) return;
      for (const item of term.items) walkTermVariables(item, visit, options);
      return;
    case 'object':
      for (const [key, value] of term.entries) {
        if (!options.skipObjectKeys) walkTermVariables(key, visit, options);
        walkTermVariables(value, visit, options);
      }
      return;
    case 'call':
      for (const argument of term.args) walkTermVariables(argument, visit, options);
      return;
    case 'comprehension':
      if (options.skipClosures) return;
      if (term.key !== undefined) walkTermVariables(term.key, visit, options);
      walkTermVariables(term.term, visit, options);
      walkBodyVariables(term.body, visit, options);
  }
}

/** The terms directly within a term; a comprehension, which is a scope of its own, gives none. */
export function termParts(term: CoreTerm): readonly CoreTerm[] {
  switch (term.kind) {
    case 'ref':
      return typeof term.root === 'object' ? [term.root, ...term.parts] : term.parts;
    case 'array':
    case 'set':
      return term.items;
    case 'object':
      return term.entries.flat();
    case 'call':
      return term.args;
    case 'constant':
    case 'variable':
    case 'comprehension':
      return [];
  }
}

/** Calls back for every variable of a body. */
export function walkBodyVariables(
  body: CoreBody,
  visit: (variable: Variable, at: CoreTerm) => void,
  options: WalkOptions = {},
): void {
  for (const expression of body) walkExpressionVariables(expression, visit, options);
}

/** Calls back for every variable of an expression, its `with` values included. */
export function walkExpressionVariables(
  expression: CoreExpression,
  visit: (variable: Variable, at: CoreTerm) => void,
  options: WalkOptions = {},
): void {
  for (const term of expressionTerms(expression)) walkTermVariables(term, visit, options);
  if (options.skipClosures) return;
  for (const body of innerBodies(expression)) walkBodyVariables(body, visit, options);
}

/** The bodies directly in an expression, those of comprehensions apart. */
export function innerBodies(expression: CoreExpression): readonly CoreBody[] {
  if (expression.kind === 'every') return [expression.body];
  return expression.kind === 'logical' ? expression.operands.map(({ body }) => body) : NO_BODIES;
}

// Most expressions have no bodies and many no terms of their own: they share these.
const NO_BODIES: readonly CoreBody[] = Object.freeze([]);
const NO_TERMS: readonly CoreTerm[] = Object.freeze([]);

/** The terms directly in an expression: operands and `with` values; not the bodies inside. */
export function expressionTerms(expression: CoreExpression): readonly CoreTerm[] {
  const operands = operandTerms(expression);
  if (expression.with.length === 0) return operands;
  const terms = [...operands];
  for (const modifier of expression.with) {
    if (modifier.replacement.kind === 'term') terms.push(modifier.replacement.term);
  }
  return terms;
}

/** As {@link expressionTerms}, without the values of `with`. */
export function operandTerms(expression: CoreExpression): readonly CoreTerm[] {
  switch (expression.kind) {
    case 'test':
      return [expression.term];
    case 'equal':
      return [expression.left, expression.right];
    case 'call':
      return expression.args;
    case 'every':
      return [expression.domain];
    case 'logical':
      return NO_TERMS;
  }
}

/** Whether a body holds no variable at all, and no scope of its own in which one could stand: found without a list of any. */
export function isBodyWithoutVariables(body: CoreBody): boolean {
  for (let index = 0; index < body.length; index++) {
    const expression = body[index]!;
    if (expression.kind === 'every' || expression.kind === 'logical') return false;
    if (!areTermsWithoutVariables(expressionTerms(expression))) return false;
  }
  return true;
}

function areTermsWithoutVariables(terms: readonly CoreTerm[]): boolean {
  for (let index = 0; index < terms.length; index++) {
    const term = terms[index]!;
    if (term.kind === 'constant') continue;
    if (term.kind === 'ref') {
      if (typeof term.root === 'object' || !areTermsWithoutVariables(term.parts)) return false;
    } else if (term.kind === 'array' || term.kind === 'set') {
      if (!areTermsWithoutVariables(term.items)) return false;
    } else return false;
  }
  return true;
}

/** Variables of a term, as a set. */
export function termVariables(term: CoreTerm, options?: WalkOptions): Set<Variable> {
  const found = new Set<Variable>();
  walkTermVariables(term, (variable) => found.add(variable), options);
  return found;
}

/** Calls back for every reference of a body, at any depth, and for every call's expression. */
export function walkBody(
  body: CoreBody,
  visitor: { ref?: (ref: CoreRef) => void; expression?: (expression: CoreExpression) => void },
): void {
  for (const expression of body) walkExpression(expression, visitor);
}

/** As {@link walkBody}, from an expression. */
export function walkExpression(
  expression: CoreExpression,
  visitor: { ref?: (ref: CoreRef) => void; expression?: (expression: CoreExpression) => void },
): void {
  visitor.expression?.(expression);
  for (const term of expressionTerms(expression)) walkTerm(term, visitor);
  for (const inner of innerBodies(expression)) walkBody(inner, visitor);
}

/** As {@link walkBody}, from a term. */
export function walkTerm(
  term: CoreTerm,
  visitor: { ref?: (ref: CoreRef) => void; expression?: (expression: CoreExpression) => void },
): void {
  switch (term.kind) {
    case 'ref':
      visitor.ref?.(term);
      if (typeof term.root === 'object') walkTerm(term.root, visitor);
      for (const part of term.parts) if (part.kind !== 'constant') walkTerm(part, visitor);
      return;
    case 'array':
    case 'set':
      for (const item of term.items) walkTerm(item, visitor);
      return;
    case 'object':
      for (const [key, value] of term.entries) {
        walkTerm(key, visitor);
        walkTerm(value, visitor);
      }
      return;
    case 'call':
      for (const argument of term.args) walkTerm(argument, visitor);
      return;
    case 'comprehension':
      if (term.key !== undefined) walkTerm(term.key, visitor);
      walkTerm(term.term, visitor);
      walkBody(term.body, visitor);
      return;
    case 'constant':
    case 'variable':
  }
}
