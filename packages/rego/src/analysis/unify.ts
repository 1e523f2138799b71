import { equal } from '../value/index.ts';
import type { CoreTerm, Variable } from './core.ts';
import { walkTermVariables } from './walk.ts';

/** Variables that count as known. */
export type VariableSet = ReadonlySet<Variable>;

/** Whether what a reference starts at is known. */
export function isRefSafe(term: CoreTerm, safe: VariableSet): boolean {
  return term.kind !== 'ref' || typeof term.root !== 'object' || areVariablesSafe(term.root, safe);
}

function areVariablesSafe(term: CoreTerm, safe: VariableSet): boolean {
  let known = true;
  walkTermVariables(
    term,
    (variable) => {
      if (!safe.has(variable)) known = false;
    },
    { skipClosures: true },
  );
  return known;
}

/**
 * The variables that `left = right` makes known when `safe` are known already (OPA's `ast.Unify`): values flow into
 * variables, through arrays and the values of objects, in both directions.
 */
export function unifyOutputs(safe: VariableSet, left: CoreTerm, right: CoreTerm): Set<Variable> {
  const unifier = new Unifier(safe);
  unifier.unify(left, right);
  return unifier.unified;
}

class Unifier {
  readonly unified = new Set<Variable>();
  readonly #safe: VariableSet;
  /** For a variable that is not known: those that become known with it. */
  readonly #waiting = new Map<Variable, Set<Variable>>();

  constructor(safe: VariableSet) {
    this.#safe = safe;
  }

  unify(a: CoreTerm, b: CoreTerm): void {
    if (a.kind === 'variable') this.#unifyVariable(a.variable, b);
    else if (b.kind === 'variable') this.#unifyVariable(b.variable, a);
    else if (a.kind === 'ref' || a.kind === 'call') this.#unifyKnown(a, b);
    else if (b.kind === 'ref' || b.kind === 'call') this.#unifyKnown(b, a);
    else if (a.kind === 'comprehension') this.#markAll(b);
    else if (b.kind === 'comprehension') this.#markAll(a);
    else if (a.kind === 'array' && b.kind === 'array') {
      if (a.items.length !== b.items.length) return;
      a.items.forEach((item, index) => {
        this.unify(item, b.items[index]!);
      });
    } else if (a.kind === 'object' && b.kind === 'object') this.#unifyObjects(a, b);
  }

  #unifyObjects(a: Extract<CoreTerm, { kind: 'object' }>, b: Extract<CoreTerm, { kind: 'object' }>): void {
    if (a.entries.length !== b.entries.length) return;
    for (const [key, value] of a.entries) {
      const other = b.entries.find(([otherKey]) => sameKey(key, otherKey));
      if (other !== undefined) this.unify(value, other[1]);
    }
  }

  #unifyKnown(known: CoreTerm, pattern: CoreTerm): void {
    if (isRefSafe(known, this.#safe)) this.#markAll(pattern);
  }

  #isKnown(variable: Variable): boolean {
    return this.#safe.has(variable) || this.unified.has(variable);
  }

  #unifyVariable(variable: Variable, term: CoreTerm): void {
    switch (term.kind) {
      case 'variable':
        if (this.#isKnown(term.variable)) this.#mark(variable);
        else if (this.#isKnown(variable)) this.#mark(term.variable);
        else {
          this.#wait(variable, term.variable);
          this.#wait(term.variable, variable);
        }
        return;
      case 'array':
      case 'object':
        this.#unifyComposite(variable, term);
        return;
      case 'ref':
        if (isRefSafe(term, this.#safe)) this.#mark(variable);
        return;
      default:
        this.#mark(variable);
    }
  }

  /** A known variable makes a pattern's variables known; a pattern all of whose variables are known makes it known. */
  #unifyComposite(variable: Variable, pattern: CoreTerm): void {
    if (this.#isKnown(variable)) {
      this.#markAll(pattern);
      return;
    }
    const missing = new Set<Variable>();
    walkTermVariables(
      pattern,
      (inner) => {
        if (!this.#isKnown(inner)) missing.add(inner);
      },
      { skipRefRoots: true, skipObjectKeys: true, skipClosures: true },
    );
    if (missing.size === 0) this.#mark(variable);
    else for (const inner of missing) this.#wait(variable, inner);
  }

  #wait(first: Variable, second: Variable): void {
    const waiting = this.#waiting.get(first) ?? new Set();
    waiting.add(second);
    this.#waiting.set(first, waiting);
  }

  #mark(variable: Variable): void {
    if (this.unified.has(variable)) return;
    this.unified.add(variable);
    const waiting = this.#waiting.get(variable);
    this.#waiting.delete(variable);
    for (const other of waiting ?? []) this.#mark(other);
    for (const [dependent, missing] of this.#waiting) {
      if (missing.delete(variable) && missing.size === 0) this.#mark(dependent);
    }
  }

  #markAll(pattern: CoreTerm): void {
    if (pattern.kind !== 'array' && pattern.kind !== 'object') return;
    walkTermVariables(pattern, (variable) => this.#mark(variable), {
      skipRefRoots: true,
      skipObjectKeys: true,
      skipClosures: true,
    });
  }
}

function sameKey(a: CoreTerm, b: CoreTerm): boolean {
  if (a.kind === 'constant' && b.kind === 'constant') return equal(a.value, b.value);
  return a.kind === 'variable' && b.kind === 'variable' && a.variable === b.variable;
}
