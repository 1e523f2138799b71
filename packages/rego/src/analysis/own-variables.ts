import type { Callee, CoreBody, CoreExpression, CoreTerm, Variable } from './core.ts';
import { isRefSafe, unifyOutputs } from './unify.ts';
import { expressionTerms, termVariables, walkTermVariables } from './walk.ts';

/** Number of arguments of what is called; undefined where it is not known. */
export type ArityOf = (callee: Callee) => number | undefined;

/** What most expressions give a value to, and many use. */
export const NO_VARIABLES: ReadonlySet<Variable> = new Set();

const OUTSIDE_CLOSURES = { skipClosures: true } as const;

/** Variables of a body outside of closures, as {@link ownVariables} sees them. */
export function bodyOwnVariables(body: CoreBody, arityOf: ArityOf): Set<Variable> {
  const found = new Set<Variable>();
  for (const expression of body) {
    for (const variable of ownVariables(expression, arityOf)) found.add(variable);
  }
  return found;
}

/**
 * The variables that an expression itself uses, those of closures apart. An operand of `not`, `and` and `or` without
 * braces has no scope of its own: what it does not give a value to inside must have one outside.
 */
export function ownVariables(expression: CoreExpression, arityOf: ArityOf): ReadonlySet<Variable> {
  if (expression.kind !== 'logical') return plainVariables(expression);
  const own = new Set(plainVariables(expression));
  for (const { body, explicit } of expression.operands) {
    if (explicit) continue;
    for (const variable of variablesFromOutside(body, arityOf)) own.add(variable);
  }
  return own;
}

function plainVariables(expression: CoreExpression): ReadonlySet<Variable> {
  let own: Set<Variable> | undefined;
  const add = (variable: Variable): void => {
    own ??= new Set();
    own.add(variable);
  };
  for (const term of expressionTerms(expression)) {
    if (term.kind !== 'constant') walkTermVariables(term, add, OUTSIDE_CLOSURES);
  }
  return own ?? NO_VARIABLES;
}

/**
 * What an operand of one expression needs from outside (OPA `unsafeImplicitBodyVars`). Taking calls out of terms may
 * have made several expressions of it: then a variable that one of them binds for another is its own.
 */
function variablesFromOutside(body: CoreBody, arityOf: ArityOf): Set<Variable> {
  const occurrences = new Map<Variable, number>();
  for (const expression of body) {
    for (const variable of plainVariables(expression)) {
      occurrences.set(variable, (occurrences.get(variable) ?? 0) + 1);
    }
  }
  if (body.length === 1) return new Set(occurrences.keys());
  const bound = boundInside(body, new Set(occurrences.keys()), arityOf);
  const outside = new Set<Variable>();
  for (const [variable, count] of occurrences) if (!bound.has(variable) || count === 1) outside.add(variable);
  return outside;
}

function boundInside(body: CoreBody, all: ReadonlySet<Variable>, arityOf: ArityOf): ReadonlySet<Variable> {
  // In OPA an answer of `rego.metadata.*` is a variable from around the body, which binds nothing inside.
  const equalities = body
    .filter((expression) => expression.kind === 'equal')
    .filter(({ answered }) => answered !== true);
  const safe = new Set(all);
  for (const { left, right } of equalities) {
    for (const side of [left, right]) if (side.kind === 'variable') safe.delete(side.variable);
  }
  const bound = new Set<Variable>();
  for (let changed = true; changed; ) {
    changed = false;
    for (const equality of equalities) {
      for (const variable of equalOutputs(equality, safe)) {
        if (bound.has(variable)) continue;
        bound.add(variable);
        safe.add(variable);
        changed = true;
      }
    }
  }
  for (const expression of body) {
    if (expression.kind !== 'call') continue;
    const arity = arityOf(expression.callee);
    for (const output of arity === undefined ? [] : expression.args.slice(arity)) {
      for (const variable of termVariables(output, OUTPUT)) bound.add(variable);
    }
  }
  return bound;
}

const OUTPUT = { skipClosures: true, skipSets: true, skipObjectKeys: true, skipRefRoots: true };

/** The variables that an equality gives a value to. */
export function equalOutputs(
  expression: Extract<CoreExpression, { kind: 'equal' }>,
  safe: ReadonlySet<Variable>,
): Set<Variable> {
  const known = new Set(safe);
  for (const variable of refOutputs([expression.left, expression.right], safe)) known.add(variable);
  if (expression.assigned) for (const variable of termVariables(expression.left)) known.delete(variable);
  const outputs = unifyOutputs(known, expression.left, expression.right);
  for (const variable of known) outputs.add(variable);
  for (const variable of safe) outputs.delete(variable);
  return outputs;
}

const WITHOUT_ROOTS = { skipRefRoots: true } as const;

/** Variables in the steps of references whose root is known: iterating gives them values. */
export function refOutputs(terms: readonly CoreTerm[], safe: ReadonlySet<Variable>): ReadonlySet<Variable> {
  let outputs: Set<Variable> | undefined;
  const add = (variable: Variable): void => {
    outputs ??= new Set();
    outputs.add(variable);
  };
  const search = (term: CoreTerm): void => {
    switch (term.kind) {
      case 'ref':
        if (!isRefSafe(term, safe)) return;
        for (const part of term.parts) {
          if (part.kind === 'constant') continue;
          walkTermVariables(part, add, WITHOUT_ROOTS);
          search(part);
        }
        return;
      case 'array':
      case 'set':
        term.items.forEach(search);
        return;
      case 'object':
        for (const [key, value] of term.entries) {
          search(key);
          search(value);
        }
        return;
      case 'call':
        term.args.forEach(search);
        return;
      default:
    }
  };
  for (const term of terms) search(term);
  return outputs ?? NO_VARIABLES;
}
