import type { Callee, CoreExpression, CoreRef, CoreTerm } from '../analysis/core.ts';
import { walkBody, walkTerm } from '../analysis/walk.ts';
import { isObject, objectSize, RegoSet } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import { mapExpression, mapTerm } from './tree.ts';
import type { Unknowns } from './unknowns.ts';

/** Where what is left over finds the rules that it needs. */
export interface Support {
  /** The path of a rule, or of a function, in a form in which what is known is worked in. */
  path(path: readonly string[]): readonly string[];
  /** What is left over needs the policy as it was written, with its data. */
  needOriginals(): void;
  readonly reaches: (ref: CoreRef) => { readonly path: readonly string[] } | undefined;
}

/**
 * Writes what is left for later: with values in place of what is known, and with the supporting rules in place of
 * those that depend on what is not. What happens below a `with` is left as it was written.
 */
export class Residual {
  readonly #unknowns: Unknowns;
  readonly #support: Support;
  readonly #knownValue: (ref: CoreRef) => Value | undefined;

  /** @param knownValue the value of a reference without variables in which nothing is unknown */
  constructor(unknowns: Unknowns, support: Support, knownValue: (ref: CoreRef) => Value | undefined) {
    this.#unknowns = unknowns;
    this.#support = support;
    this.#knownValue = knownValue;
  }

  expression(expression: CoreExpression): CoreExpression {
    if (hasWith(expression)) {
      this.#support.needOriginals();
      return expression;
    }
    const written = mapExpression(expression, (term) => this.#replacement(term));
    walkBody([written], { expression: (inner) => this.#adapt(inner) });
    return written;
  }

  term(term: CoreTerm): CoreTerm {
    if (termHasWith(term)) {
      this.#support.needOriginals();
      return term;
    }
    const written = mapTerm(term, (inner) => this.#replacement(inner));
    walkTerm(written, { expression: (inner) => this.#adapt(inner) });
    return written;
  }

  /** A reference that depends on what is unknown. */
  ref(ref: CoreRef): CoreRef {
    if (ref.root !== 'data') return ref;
    const found = this.#support.reaches(ref);
    if (found === undefined) {
      this.#support.needOriginals();
      return ref;
    }
    const path = this.#support.path(found.path);
    const { location } = ref;
    const steps = path.map((value): CoreTerm => ({ kind: 'constant', value, location }));
    return { ...ref, parts: [...steps, ...ref.parts.slice(found.path.length)] };
  }

  #replacement(term: CoreTerm): CoreTerm | undefined {
    if (term.kind !== 'ref' || typeof term.root === 'object') return undefined;
    const parts = term.parts.map((part) => mapTerm(part, (inner) => this.#replacement(inner)));
    const ref: CoreRef = { ...term, parts };
    return this.#unknowns.ref(ref) ? this.ref(ref) : this.#known(ref);
  }

  /** The value of as much of a reference as has no variables; what has none stays undefined as it is. */
  #known(ref: CoreRef): CoreTerm {
    const end = ref.parts.findIndex((part) => part.kind !== 'constant');
    const steps = end < 0 ? ref.parts : ref.parts.slice(0, end);
    const value = this.#knownValue({ ...ref, parts: [...steps] });
    if (value === undefined || (end >= 0 && isEmpty(value))) return ref;
    const constant: CoreTerm = { kind: 'constant', value, location: ref.location };
    return end < 0 ? constant : { ...ref, root: constant, parts: ref.parts.slice(end) };
  }

  #adapt(expression: CoreExpression): void {
    if (expression.kind === 'equal') {
      expression.left = behindStep(expression.left, expression.right);
      expression.right = behindStep(expression.right, expression.left);
    }
    if (expression.kind !== 'call' || expression.callee.kind !== 'function') return;
    const callee: Callee = { kind: 'function', path: this.#support.path(expression.callee.path) };
    (expression as { callee: Callee }).callee = callee;
  }
}

/**
 * A value that a pattern is to be taken from, behind a step into an array of it: where the two are of different
 * shapes, the variables of the pattern would else have no value by any order of the body, which is refused.
 */
function behindStep(value: CoreTerm, pattern: CoreTerm): CoreTerm {
  const isPattern = pattern.kind === 'array' || pattern.kind === 'object';
  if (value.kind !== 'constant' || !isPattern) return value;
  const { location } = value;
  const root: CoreTerm = { kind: 'constant', value: [value.value], location };
  return { kind: 'ref', root, parts: [{ kind: 'constant', value: 0, location }], location };
}

function hasWith(expression: CoreExpression): boolean {
  let found = false;
  walkBody([expression], {
    expression: (inner) => {
      found ||= inner.with.length > 0;
    },
  });
  return found;
}

function termHasWith(term: CoreTerm): boolean {
  let found = false;
  walkTerm(term, {
    expression: (inner) => {
      found ||= inner.with.length > 0;
    },
  });
  return found;
}

function isEmpty(value: Value): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof RegoSet) return value.size === 0;
  return isObject(value) ? objectSize(value) === 0 : true;
}
