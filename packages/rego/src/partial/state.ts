import type { CoreExpression, CoreTerm, Variable } from '../analysis/core.ts';
import { mapExpression, mapTerm, openVariables } from './tree.ts';

/** How far the evaluation of a body has come, on one of its ways; never changed, only gone on from. */
export class State {
  readonly #bindings: ReadonlyMap<Variable, CoreTerm>;
  /** Variables that get their values only when what is unknown is known: nothing is put in their place. */
  readonly #open: ReadonlySet<Variable>;
  /** What could not be decided, in order. */
  readonly saved: readonly CoreExpression[];

  constructor(
    bindings: ReadonlyMap<Variable, CoreTerm> = new Map(),
    open: ReadonlySet<Variable> = new Set(),
    saved: readonly CoreExpression[] = [],
  ) {
    this.#bindings = bindings;
    this.#open = open;
    this.saved = saved;
  }

  isOpen(variable: Variable): boolean {
    return this.#open.has(variable);
  }

  bind(variable: Variable, term: CoreTerm): State {
    return new State(new Map(this.#bindings).set(variable, term), this.#open, this.saved);
  }

  opened(variables: Iterable<Variable>): State {
    return new State(this.#bindings, new Set([...this.#open, ...variables]), this.saved);
  }

  /** Leaves an expression for later; its variables get their values from it then. */
  save(expression: CoreExpression): State {
    const open = new Set([...this.#open, ...openVariables(expression)]);
    return new State(this.#bindings, open, [...this.saved, expression]);
  }

  term(term: CoreTerm): CoreTerm {
    return mapTerm(term, (inner) => this.#replacement(inner));
  }

  expression<E extends CoreExpression>(expression: E): E {
    return mapExpression(expression, (inner) => this.#replacement(inner));
  }

  #replacement(term: CoreTerm): CoreTerm | undefined {
    if (term.kind !== 'variable') return undefined;
    const bound = this.#bindings.get(term.variable);
    return bound === undefined ? undefined : this.term(bound);
  }
}
