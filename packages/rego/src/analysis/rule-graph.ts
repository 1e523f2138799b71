import { each, type Steps } from '../syntax/steps.ts';
import type { Value } from '../value/index.ts';
import { equal } from '../value/index.ts';
import type { CoreBody, CoreExpression, CoreRef, CoreRule, CoreTerm, Variable } from './core.ts';
import type { DocumentNode } from './documents.ts';
import { expandedReferences, KnownValues } from './narrow-references.ts';
import { isTwin } from './twin-rule.ts';
import { expressionTerms, innerBodies, termVariables, walkExpression, walkTerm } from './walk.ts';

/** Why a rule may depend on another: a reference that selects it only for some values of its steps. */
export interface DynamicReference {
  readonly ref: CoreRef;
  /** The reference with variables replaced by the one value that they can have. */
  readonly narrowed: readonly CoreTerm[];
  /** The body that holds it and the place of its expression there. */
  readonly body: CoreBody;
  readonly index: number;
  /** Variables that have a value when it is looked up. */
  readonly bound: ReadonlySet<Variable>;
}

/** One rule's need of another. */
export interface Edge {
  readonly to: CoreRule;
  /** Set where it is known only at run time whether the rule is met. */
  readonly dynamic?: DynamicReference;
  /** The branches that need it: 0 is the rule's own, then those after `else`. */
  readonly branches: readonly number[];
}

/** The rules that each rule reads or calls. */
export type RuleGraph = ReadonlyMap<CoreRule, readonly Edge[]>;

/**
 * Finds what every rule depends on (OPA's stage SetGraph). Variables that can only have values known here are followed
 * to these alone: `some root in ["a", "b"]; data[root].p` does not depend on all rules.
 */
export function* ruleGraph(rules: readonly CoreRule[], root: DocumentNode): Steps<RuleGraph> {
  const graph = new Map<CoreRule, readonly Edge[]>();
  yield* each(rules, (rule) => {
    graph.set(rule, new EdgeFinder(rule, root).edges());
  });
  return graph;
}

class EdgeFinder {
  readonly #rule: CoreRule;
  readonly #root: DocumentNode;
  readonly #edges = new Map<CoreRule, Edge>();
  #branch = 0;

  constructor(rule: CoreRule, root: DocumentNode) {
    this.#rule = rule;
    this.#root = root;
  }

  edges(): readonly Edge[] {
    for (const [index, branch] of this.#rule.branches.entries()) {
      this.#branch = index;
      this.#visitBranch(branch.body, branch.value, index === 0);
    }
    return [...this.#edges.values()];
  }

  #visitBranch(body: CoreBody, value: CoreTerm | undefined, isFirst: boolean): void {
    const { args, tail, key } = this.#rule;
    const head = [...args, ...tail, key, value].filter((term) => term !== undefined);
    const known = new KnownValues();
    // Collected only where a reference asks for it.
    let bound: Set<Variable> | undefined;
    let upTo = 0;
    const boundBefore = (index: number): ReadonlySet<Variable> => {
      bound ??= new Set(head.flatMap((term) => [...termVariables(term)]));
      for (; upTo < index; upTo++) addVariables(body[upTo]!, bound);
      return new Set(bound);
    };
    const place = { body, index: 0 };
    const visitor = this.#visitor(known, place, boundBefore);
    for (; place.index < body.length; place.index++) {
      const expression = body[place.index]!;
      walkExpression(expression, visitor);
      known.learn(expression);
    }
    for (const term of isFirst ? head : value === undefined ? [] : [value]) walkTerm(term, visitor);
  }

  /** What visits the expressions of a body, whose place moves on from one to the next. */
  #visitor(
    known: KnownValues,
    place: { readonly body: CoreBody; readonly index: number },
    boundBefore: (index: number) => ReadonlySet<Variable>,
  ) {
    let bound: { readonly index: number; readonly variables: ReadonlySet<Variable> } | undefined;
    return {
      ref: (ref: CoreRef) => {
        if (ref.root !== 'data') return;
        if (ref.parts.every((part) => part.kind === 'constant')) {
          for (const to of this.#reachable(ref.parts)) this.#add(to);
          return;
        }
        const expanded = expandedReferences(ref.parts, known);
        const narrowed = expanded.length === 1 ? expanded[0]! : ref.parts;
        for (const parts of expanded) {
          for (const to of this.#reachable(parts)) {
            const before = this.#edges.get(to);
            if (before?.dynamic === undefined && before?.branches.includes(this.#branch)) continue;
            const { body, index } = place;
            if (bound?.index !== index) bound = { index, variables: boundBefore(index) };
            if (selectsRule(narrowed, to, bound.variables)) this.#add(to);
            else this.#add(to, { ref, narrowed, body, index, bound: bound.variables });
          }
        }
      },
      expression: (expression: CoreExpression) => {
        if (expression.kind === 'call' && expression.callee.kind === 'function') {
          this.#reachPath(expression.callee.path);
        }
        for (const { target, replacement } of expression.with) {
          // As in OPA, what is replaced counts as read.
          if (target.kind === 'data') this.#reachPath(target.path);
          if (replacement.kind === 'function') this.#reachPath(replacement.path);
        }
      },
    };
  }

  /** What is certain once stays so. */
  #add(to: CoreRule, dynamic?: DynamicReference): void {
    const before = this.#edges.get(to);
    const branches = before?.branches ?? [];
    const all = branches.includes(this.#branch) ? branches : [...branches, this.#branch];
    const isCertain = dynamic === undefined || (before !== undefined && before.dynamic === undefined);
    if (isCertain) this.#edges.set(to, { to, branches: all });
    else this.#edges.set(to, { to, branches: all, dynamic: before?.dynamic ?? dynamic });
  }

  #reachPath(path: readonly string[]): void {
    const { location } = this.#rule;
    const parts = path.map((value) => ({ kind: 'constant' as const, value, location }));
    for (const to of this.#reachable(parts)) this.#add(to);
  }

  /** The rules that a path can lead to or through. */
  #reachable(parts: readonly CoreTerm[]): CoreRule[] {
    const found: CoreRule[] = [];
    const follow = (node: DocumentNode, index: number): void => {
      if (node.group !== undefined) {
        const { fallback, rules } = node.group;
        for (const rule of fallback === undefined ? rules : [fallback, ...rules]) {
          // What needs a rule that others are like needs these as well.
          if (!isTwin(rule) && canMeet(rule, parts)) found.push(rule);
        }
      }
      const part = parts[index];
      if (part === undefined || part.kind !== 'constant') {
        for (const child of node.children.values()) follow(child, index + 1);
        return;
      }
      const child = node.children.get(stepName(part.value));
      if (child !== undefined) follow(child, index + 1);
    };
    follow(this.#root, 0);
    return found;
  }
}

function addVariables(expression: CoreExpression, into: Set<Variable>): void {
  for (const term of expressionTerms(expression)) for (const one of termVariables(term)) into.add(one);
  for (const body of innerBodies(expression)) for (const inner of body) addVariables(inner, into);
}

function stepName(value: Value): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The term at a position of a rule's reference, after `data`. */
export function ruleTerm(rule: CoreRule, index: number): Value | undefined {
  if (index < rule.path.length) return rule.path[index];
  const term = rule.tail[index - rule.path.length];
  return term?.kind === 'constant' ? term.value : undefined;
}

/** Steps of a rule's whole reference, after `data`. */
export function ruleLength(rule: CoreRule): number {
  return rule.path.length + rule.tail.length;
}

function canMeet(rule: CoreRule, parts: readonly CoreTerm[]): boolean {
  const size = Math.min(parts.length, ruleLength(rule));
  for (let index = rule.path.length; index < size; index++) {
    const part = parts[index]!;
    const own = ruleTerm(rule, index);
    if (part.kind === 'constant' && own !== undefined && !equal(part.value, own)) return false;
  }
  return true;
}

/**
 * Whether a reference selects a rule whatever its steps hold. A variable without a value that stands in it once goes
 * through all there is. With `positions`, those steps are collected that must have the rule's own values.
 */
export function selectsRule(
  parts: readonly CoreTerm[],
  rule: CoreRule,
  bound: ReadonlySet<Variable>,
  positions?: number[],
): boolean {
  let isCertain = true;
  const size = Math.min(parts.length, ruleLength(rule));
  for (let index = 0; index < size; index++) {
    const own = ruleTerm(rule, index);
    if (own === undefined) continue;
    const part = parts[index]!;
    if (part.kind === 'variable' && !bound.has(part.variable) && countOf(parts, part.variable) === 1)
      continue;
    if (part.kind === 'constant') {
      if (!equal(part.value, own)) return false;
      continue;
    }
    if (positions === undefined) return false;
    isCertain = false;
    positions.push(index);
  }
  return isCertain;
}

function countOf(parts: readonly CoreTerm[], variable: Variable): number {
  return parts.filter((part) => part.kind === 'variable' && part.variable === variable).length;
}
