import type { Location } from '../syntax/ast.ts';
import type { Value } from '../value/index.ts';
import type { CoreBody, CoreBranch, CoreExpression, CoreRule, CoreTerm, CoreWith, Variable } from './core.ts';

/** What is other in the copy of a rule. */
export interface CopyChanges {
  readonly location: (location: Location) => Location;
  /** The value of the literal that stands at an offset of the source; undefined where it stays. */
  readonly literal: (start: number) => Value | undefined;
  /** Other names for wildcards. */
  readonly wildcard: (name: string) => string;
}

/** What a rule holds. */
export type RuleParts = Pick<CoreRule, 'tail' | 'args' | 'key' | 'branches'>;

/** Copies a rule with variables of its own and these changes. */
export function copyRule(rule: CoreRule, changes: CopyChanges): RuleParts {
  const copier = new Copier(changes);
  return {
    args: rule.args.map((term) => copier.term(term)),
    tail: rule.tail.map((term) => copier.term(term)),
    key: rule.key && copier.term(rule.key),
    branches: rule.branches.map((branch) => copier.branch(branch)),
  };
}

class Copier {
  readonly #changes: CopyChanges;
  readonly #variables = new Map<Variable, Variable>();
  /** Nodes share places; so do their copies. */
  readonly #locations = new Map<Location, Location>();

  constructor(changes: CopyChanges) {
    this.#changes = changes;
  }

  branch({ value, body, location }: CoreBranch): CoreBranch {
    return { value: value && this.term(value), body: this.#body(body), location: this.#location(location) };
  }

  term(term: CoreTerm): CoreTerm {
    const location = this.#location(term.location);
    switch (term.kind) {
      case 'constant':
        return { ...term, value: this.#changes.literal(term.location.start) ?? term.value, location };
      case 'variable':
        return { kind: 'variable', variable: this.#variable(term.variable), location };
      case 'ref': {
        const root = typeof term.root === 'string' ? term.root : this.term(term.root);
        return { kind: 'ref', root, parts: this.#terms(term.parts), location };
      }
      case 'array':
      case 'set':
        return { kind: term.kind, items: this.#terms(term.items), location };
      case 'object':
        return {
          kind: 'object',
          entries: term.entries.map(([key, value]) => [this.term(key), this.term(value)]),
          location,
        };
      case 'call':
        return { kind: 'call', callee: term.callee, args: this.#terms(term.args), location };
      case 'comprehension':
        return {
          kind: 'comprehension',
          result: term.result,
          key: term.key && this.term(term.key),
          term: this.term(term.term),
          body: this.#body(term.body),
          location,
        };
    }
  }

  #terms(terms: readonly CoreTerm[]): CoreTerm[] {
    return terms.map((term) => this.term(term));
  }

  #body(body: CoreBody): CoreBody {
    return body.map((expression) => this.#expression(expression));
  }

  #expression(expression: CoreExpression): CoreExpression {
    const common = {
      negated: expression.negated,
      with: expression.with.map((modifier) => this.#with(modifier)),
      generated: expression.generated,
      source: this.#location(expression.source),
      location: this.#location(expression.location),
    };
    switch (expression.kind) {
      case 'test':
        return { kind: 'test', term: this.term(expression.term), ...common };
      case 'equal': {
        const { assigned } = expression;
        const [left, right] = [this.term(expression.left), this.term(expression.right)];
        return { kind: 'equal', left, right, assigned, ...common };
      }
      case 'call':
        return { kind: 'call', callee: expression.callee, args: this.#terms(expression.args), ...common };
      case 'every':
        return {
          kind: 'every',
          key: expression.key && this.#variable(expression.key),
          value: this.#variable(expression.value),
          domain: this.term(expression.domain),
          body: this.#body(expression.body),
          ...common,
        };
      case 'logical':
        return {
          kind: 'logical',
          operator: expression.operator,
          operands: expression.operands.map(({ body, explicit }) => ({ body: this.#body(body), explicit })),
          ...common,
        };
    }
  }

  #with({ target, replacement, targetLocation, replacementLocation, location }: CoreWith): CoreWith {
    return {
      target,
      replacement:
        replacement.kind === 'term' ? { kind: 'term', term: this.term(replacement.term) } : replacement,
      targetLocation: this.#location(targetLocation),
      replacementLocation: this.#location(replacementLocation),
      location: this.#location(location),
    };
  }

  #variable(variable: Variable): Variable {
    const known = this.#variables.get(variable);
    if (known !== undefined) return known;
    const { name, origin, standsFor } = variable;
    const copy: Variable = {
      ...variable,
      name: origin === 'wildcard' ? this.#changes.wildcard(name) : name,
      ...(standsFor !== undefined && { standsFor: this.term(standsFor) }),
    };
    this.#variables.set(variable, copy);
    return copy;
  }

  #location(location: Location): Location {
    let moved = this.#locations.get(location);
    if (moved === undefined) {
      moved = this.#changes.location(location);
      this.#locations.set(location, moved);
    }
    return moved;
  }
}
