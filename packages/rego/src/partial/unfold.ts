import type { AnalysedPolicy } from '../analysis/analyse.ts';
import type { CoreBody, CoreExpression, CoreRef, CoreRule, CoreTerm, Variable } from '../analysis/core.ts';
import { generatedVariable, variableTerm } from '../analysis/core.ts';
import type { DocumentNode, RuleGroup } from '../analysis/documents.ts';
import { equalExpression } from '../analysis/expand.ts';
import { equal } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import type { Residual } from './residual.ts';
import type { State } from './state.ts';
import { allVariables, freshRule, openVariables } from './tree.ts';
import { unify } from './unify.ts';
import type { Unknowns } from './unknowns.ts';

/** What unfolding needs of the whole. */
export interface Partial {
  readonly policy: AnalysedPolicy;
  readonly unknowns: Unknowns;
  readonly residual: Residual;
  /** Evaluates an expression in which nothing is unknown: the values of some of its variables, for each answer. */
  readonly evaluate: (
    expression: CoreExpression,
    variables: readonly Variable[],
  ) => readonly (readonly Value[])[];
  /** Rules are put in place only in the query itself. */
  readonly shallow: boolean;
  readonly isInlined: (path: readonly string[]) => boolean;
  /** Counts one step; ends what takes too many. */
  readonly step: () => void;
}

/** Goes on with the search; gives nothing back, in a type that lets it end a function's way. */
type Go = (state: State) => undefined;
type GoWithTerm = (term: CoreTerm, state: State) => undefined;

/** What a term is wanted for: whether it could not be what a rule gives by default anyway. */
type Purpose = (byDefault: Value) => boolean;

export const FOR_VALUE: Purpose = () => false;
const FOR_TRUTH: Purpose = (byDefault) => byDefault === false;

/** Evaluates bodies as far as what is known allows, each way through them on its own. */
export class Unfolding {
  readonly #partial: Partial;

  constructor(partial: Partial) {
    this.#partial = partial;
  }

  /** Goes through a body; calls back once for each way in which it is not already false. */
  body(body: CoreBody, state: State, depth: number, go: Go): undefined {
    const next = (index: number, current: State): undefined => {
      if (index === body.length) return go(current);
      this.#expression(body[index]!, current, depth, (after) => next(index + 1, after));
    };
    next(0, state);
  }

  #expression(original: CoreExpression, state: State, depth: number, go: Go): undefined {
    this.#partial.step();
    if (
      original.kind === 'call' &&
      original.callee.kind === 'builtin' &&
      original.callee.name === 'internal.print'
    ) {
      return go(state);
    }
    const expression = state.expression(original);
    if (!this.#isUnknown(expression, state)) return this.#known(expression, state, go);
    if (expression.negated || expression.with.length > 0)
      return go(state.save(this.#partial.residual.expression(expression)));
    switch (expression.kind) {
      case 'test':
        return this.term(expression.term, state, depth, FOR_TRUTH, (term, after) => {
          if (term.kind !== 'constant') go(after.save({ ...expression, term }));
          else if (term.value !== false) go(after);
        });
      case 'equal':
        return this.#equal(expression.left, expression.right, state, depth, go);
      case 'call':
        if (isEquality(expression))
          return this.#equal(expression.args[0]!, expression.args[1]!, state, depth, go);
        return this.#call(expression, state, depth, go);
      default:
        return go(state.save(this.#partial.residual.expression(expression)));
    }
  }

  #equal(left: CoreTerm, right: CoreTerm, state: State, depth: number, go: Go): undefined {
    this.term(left, state, depth, besides(right), (first, between) =>
      this.term(between.term(right), between, depth, besides(left), (second, after) =>
        unify(first, second, after, go),
      ),
    );
  }

  #isUnknown(expression: CoreExpression, state: State): boolean {
    if (this.#partial.unknowns.expression(expression)) return true;
    for (const variable of allVariables([expression])) if (state.isOpen(variable)) return true;
    return false;
  }

  #isUnknownTerm(term: CoreTerm, state: State): boolean {
    return this.#isUnknown(testOf(term), state);
  }

  #known(expression: CoreExpression, state: State, go: Go): undefined {
    const variables = [...openVariables(expression)];
    for (const values of this.#partial.evaluate(expression, variables)) {
      const bound = variables.reduce(
        (current, variable, at) =>
          current.bind(variable, { kind: 'constant', value: values[at]!, location: expression.location }),
        state,
      );
      go(bound);
    }
  }

  /** Evaluates a term as far as can be: known references to their values, rules to what their bodies leave. */
  term(term: CoreTerm, state: State, depth: number, purpose: Purpose, go: GoWithTerm): undefined {
    switch (term.kind) {
      case 'constant':
      case 'variable':
      case 'call':
        return go(term, state);
      case 'array':
      case 'set':
        return this.#terms(term.items, state, depth, (items, after) =>
          go(after.term({ ...term, items }), after),
        );
      case 'object': {
        const flat = term.entries.flat();
        return this.#terms(flat, state, depth, (terms, after) => {
          const entries = term.entries.map((_entry, at): [CoreTerm, CoreTerm] => [
            terms[2 * at]!,
            terms[2 * at + 1]!,
          ]);
          go(after.term({ ...term, entries }), after);
        });
      }
      case 'comprehension':
        if (this.#isUnknownTerm(term, state)) return go(this.#partial.residual.term(term), state);
        return this.#enumerate(term, state, go);
      case 'ref':
        return this.#ref(term, state, depth, purpose, go);
    }
  }

  #terms(
    terms: readonly CoreTerm[],
    state: State,
    depth: number,
    go: (terms: CoreTerm[], state: State) => undefined,
  ): undefined {
    const next = (done: CoreTerm[], current: State): undefined => {
      if (done.length === terms.length) return go(done, current);
      this.term(current.term(terms[done.length]!), current, depth, FOR_VALUE, (term, after) =>
        next([...done, term], after),
      );
    };
    next([], state);
  }

  /** Each value of a term in which nothing is unknown. */
  #enumerate(term: CoreTerm, state: State, go: GoWithTerm): undefined {
    const value = variableTerm(generatedVariable(), term.location);
    this.#known(equalExpression(value, term, []), state, (after) => go(after.term(value), after));
  }

  #ref(ref: CoreRef, state: State, depth: number, purpose: Purpose, go: GoWithTerm): undefined {
    if (!this.#isUnknownTerm(ref, state)) return this.#enumerate(ref, state, go);
    this.#terms(ref.parts, state, depth, (parts, between) => {
      if (typeof ref.root === 'object') {
        return this.term(ref.root, between, depth, FOR_VALUE, (root, after) =>
          this.#rootedRef(after.term({ ...ref, root, parts }) as CoreRef, after, go),
        );
      }
      const reached: CoreRef = { ...ref, parts };
      if (!this.#isUnknownTerm(reached, between)) return this.#enumerate(reached, between, go);
      if (!this.#partial.unknowns.ref(reached)) return this.#knownCollection(reached, between, go);
      if (ref.root === 'data') return this.#dataRef(reached, between, depth, purpose, go);
      go(reached, between.opened(openVariables(testOf(reached))));
    });
  }

  /** Members of what is known by keys that are not: each key that there is, on the condition that it is the one. */
  #knownCollection(ref: CoreRef, state: State, go: GoWithTerm): undefined {
    const conditions: (readonly [CoreTerm, CoreTerm])[] = [];
    const parts = ref.parts.map((part): CoreTerm => {
      if (!this.#isUnknownTerm(part, state)) return part;
      const key = variableTerm(generatedVariable(), part.location);
      conditions.push([key, part]);
      return key;
    });
    this.#enumerate({ ...ref, parts }, state, (value, found) => {
      const next = (index: number, current: State): undefined => {
        const condition = conditions[index];
        if (condition === undefined) return go(current.term(value), current);
        unify(condition[0], condition[1], current, (after) => next(index + 1, after));
      };
      next(0, found);
    });
  }

  #rootedRef(ref: CoreRef, state: State, go: GoWithTerm): undefined {
    if (!this.#isUnknownTerm(ref, state)) return this.#enumerate(ref, state, go);
    go(ref, state.opened(openVariables(testOf(ref))));
  }

  /** A reference that reaches rules, or base data that is not known. */
  #dataRef(ref: CoreRef, state: State, depth: number, purpose: Purpose, go: GoWithTerm): undefined {
    const found = groupAt(this.#partial.policy.root, ref);
    if (found === undefined) {
      const kept = this.#partial.residual.ref(ref);
      return go(kept, state.opened(openVariables(testOf(kept))));
    }
    const { group, rest } = found;
    if (!this.#canInline(group, rest.length, purpose, depth)) {
      const kept = this.#partial.residual.ref(ref);
      return go(kept, state.opened(openVariables(testOf(kept))));
    }
    for (const rule of group.rules) this.#inlineRule(freshRule(rule), rest, state, depth, go);
  }

  #canInline(group: RuleGroup, steps: number, purpose: Purpose, depth: number): boolean {
    const { path, kind, rules, fallback } = group;
    if (this.#partial.shallow && depth > 0) return false;
    if (!this.#partial.isInlined(path) || rules.some(({ branches }) => branches.length > 1)) return false;
    if (kind === 'function') return fallback === undefined;
    if (kind === 'partial-set') return steps >= 1;
    if (kind === 'partial-object') return rules.every((rule) => steps >= keysOf(rule).length);
    if (fallback === undefined) return true;
    const byDefault = fallback.branches[0]?.value;
    return byDefault?.kind === 'constant' && steps === 0 && purpose(byDefault.value);
  }

  #inlineRule(
    rule: CoreRule,
    steps: readonly CoreTerm[],
    state: State,
    depth: number,
    go: GoWithTerm,
  ): undefined {
    this.#partial.step();
    const keys = keysOf(rule);
    const [branch] = rule.branches;
    // What is asked for first: it may decide the body.
    const [early, late] = partition(keys.map((key, at) => [key, steps[at]!] as const));
    this.#unifyAll(early, state, depth, (asked) =>
      this.body(branch!.body, asked, depth + 1, (after) =>
        this.#unifyAll(late, after, depth, (matched) => {
          const value = rule.key !== undefined ? steps[keys.length - 1]! : branch!.value!;
          const parts = steps.slice(keys.length);
          const whole: CoreTerm =
            parts.length === 0
              ? value
              : { kind: 'ref', root: value, parts: [...parts], location: value.location };
          this.term(matched.term(whole), matched, depth + 1, FOR_VALUE, go);
        }),
      ),
    );
  }

  #unifyAll(
    pairs: readonly (readonly [CoreTerm, CoreTerm])[],
    state: State,
    depth: number,
    go: Go,
  ): undefined {
    const next = (index: number, current: State): undefined => {
      const pair = pairs[index];
      if (pair === undefined) return go(current);
      this.term(current.term(pair[0]), current, depth, FOR_VALUE, (term, between) =>
        unify(term, pair[1], between, (after) => next(index + 1, after)),
      );
    };
    next(0, state);
  }

  #call(
    expression: Extract<CoreExpression, { kind: 'call' }>,
    state: State,
    depth: number,
    go: Go,
  ): undefined {
    const { callee } = expression;
    this.#terms(expression.args, state, depth, (args, after) => {
      const call = { ...expression, args };
      if (!this.#isUnknown(call, after)) return this.#known(call, after, go);
      if (callee.kind !== 'function') return go(after.save(call));
      const node = callee.path.reduce<DocumentNode | undefined>(
        (at, step) => at?.children.get(step),
        this.#partial.policy.root,
      );
      const group = node?.group;
      if (group === undefined || !this.#canInline(group, 0, FOR_VALUE, depth)) {
        return go(after.save(this.#partial.residual.expression(call)));
      }
      for (const rule of group.rules) this.#inlineCall(freshRule(rule), args, after, depth, go);
    });
  }

  #inlineCall(rule: CoreRule, args: readonly CoreTerm[], state: State, depth: number, go: Go): undefined {
    this.#partial.step();
    const pairs = rule.args.map((parameter, at) => [parameter, args[at]!] as const);
    const output = args[rule.args.length];
    const [branch] = rule.branches;
    this.#unifyAll(pairs, state, depth, (called) =>
      this.body(branch!.body, called, depth + 1, (after) =>
        this.term(after.term(branch!.value!), after, depth + 1, FOR_VALUE, (value, done) => {
          if (output !== undefined) return unify(output, value, done, go);
          if (value.kind !== 'constant') go(done.save(testOf(value)));
          else if (value.value !== false) go(done);
        }),
      ),
    );
  }
}

/** The terms that a head has after its path: the keys of a partial object, the member of a set. */
function keysOf(rule: CoreRule): readonly CoreTerm[] {
  return rule.key === undefined ? rule.tail : [...rule.tail, rule.key];
}

/** Compared with a constant, another value by default cannot be what is asked for. */
function besides(other: CoreTerm): Purpose {
  return other.kind === 'constant' ? (byDefault) => !equal(byDefault, other.value) : FOR_VALUE;
}

function isEquality({ callee, args }: Extract<CoreExpression, { kind: 'call' }>): boolean {
  return callee.kind === 'builtin' && callee.name === 'equal' && args.length === 2;
}

function partition(pairs: readonly (readonly [CoreTerm, CoreTerm])[]) {
  const isEarly = ([term]: readonly [CoreTerm, CoreTerm]): boolean =>
    term.kind === 'variable' || term.kind === 'constant';
  return [pairs.filter(isEarly), pairs.filter((pair) => !isEarly(pair))] as const;
}

/** The rules that a reference reaches by names alone, and the steps after them. */
export function groupAt(
  root: DocumentNode,
  ref: CoreRef,
): { readonly group: RuleGroup; readonly rest: readonly CoreTerm[] } | undefined {
  let node = root;
  for (let at = 0; at <= ref.parts.length; at++) {
    if (node.group !== undefined) {
      if (node.children.size > 0 || node.group.kind === 'function') return undefined;
      return { group: node.group, rest: ref.parts.slice(at) };
    }
    const part = ref.parts[at];
    if (part?.kind !== 'constant' || typeof part.value !== 'string') return undefined;
    const child = node.children.get(part.value);
    if (child === undefined) return undefined;
    node = child;
  }
  return undefined;
}

export function testOf(term: CoreTerm): CoreExpression {
  return {
    kind: 'test',
    term,
    negated: false,
    with: [],
    generated: true,
    source: term.location,
    location: term.location,
  };
}
