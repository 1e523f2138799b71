import { memberKey, type Value, valueText } from '../value/index.ts';
import type { CoreBody, CoreRule, CoreTerm } from './core.ts';
import { variableTerm } from './core.ts';
import type { DocumentNode } from './documents.ts';
import { findNode, walkGroups } from './documents.ts';
import type { Reference } from './rule-references.ts';
import { compareReferences, minimal, referencesOf } from './rule-references.ts';
import { stepText } from './term-text.ts';
import { withoutTwins } from './twin-rule.ts';
import { walkExpressionVariables } from './walk.ts';

/** A reference by its root and its constant steps. */
export type DependencyPath = readonly [root: 'input' | 'data', ...steps: Value[]];

/** What a query depends on (`opa deps`). */
export interface Dependencies {
  /** Base documents: input, and data that no rule makes. */
  readonly base: readonly DependencyPath[];
  /** Virtual documents: the rules that the query reaches. */
  readonly virtual: readonly DependencyPath[];
}

/** Follows a resolved query through all rules that it reaches. */
export function dependenciesOf(query: CoreBody, root: DocumentNode): Dependencies {
  const base: Reference[] = [];
  const virtual: Reference[] = [];
  const seen = new Set<CoreRule>();
  const follow = (references: readonly Reference[]): void => {
    for (const reference of references) {
      const steps = constantBeginning(reference.parts);
      const known: Reference = { root: reference.root, parts: steps };
      const rules = reference.root === 'data' ? rulesAt(root, steps) : [];
      if (rules.length === 0) base.push(known);
      for (const rule of rules) {
        if (seen.has(rule)) continue;
        seen.add(rule);
        virtual.push({ root: 'data', parts: headSteps(rule) });
        follow(ruleReferences(rule));
      }
    }
  };
  follow(queryReferences(query));
  return { base: paths(base), virtual: paths(virtual) };
}

/** All variables of a query are of interest, as those in the head of a rule are. */
function queryReferences(query: CoreBody): readonly Reference[] {
  const head: CoreTerm[] = [];
  for (const expression of query) {
    walkExpressionVariables(expression, (variable, { location }) => {
      if (variable.origin !== 'wildcard') head.push(variableTerm(variable, location));
    });
  }
  return referencesOf(query, head, true);
}

function ruleReferences(rule: CoreRule): readonly Reference[] {
  const all = rule.branches.flatMap(({ body, value }, index) => {
    const heads = index === 0 ? [...rule.args, ...rule.tail, rule.key, value] : [...rule.args, value];
    return referencesOf(
      body,
      heads.filter((term) => term !== undefined),
    );
  });
  return minimal(all);
}

/** The rules above a path, at it and below it. */
function rulesAt(root: DocumentNode, steps: readonly CoreTerm[]): CoreRule[] {
  const names: string[] = [];
  for (const step of steps) {
    if (step.kind !== 'constant' || typeof step.value !== 'string') break;
    names.push(step.value);
  }
  let node: DocumentNode | undefined = root;
  for (const name of names) {
    node = node?.children.get(name);
    if (node?.group !== undefined) break;
  }
  if (node?.group !== undefined) {
    const { rules, defaults } = node.group;
    const own = [...withoutTwins(rules), ...defaults];
    const below = steps.length > node.path.length ? [] : rulesBelow(node);
    return [...own, ...below];
  }
  const at = names.length === steps.length ? findNode(root, names) : undefined;
  return at === undefined ? [] : rulesBelow(at);
}

function rulesBelow(node: DocumentNode): CoreRule[] {
  const found: CoreRule[] = [];
  for (const child of node.children.values()) {
    walkGroups(child, ({ rules, defaults }) => {
      found.push(...withoutTwins(rules), ...defaults);
    });
  }
  return found;
}

function constantBeginning(parts: readonly CoreTerm[]): readonly CoreTerm[] {
  const end = parts.findIndex((part) => part.kind !== 'constant');
  return end < 0 ? parts : parts.slice(0, end);
}

function headSteps({ path, tail, location }: CoreRule): readonly CoreTerm[] {
  return [
    ...path.map((value): CoreTerm => ({ kind: 'constant', value, location })),
    ...constantBeginning(tail),
  ];
}

/** A path as a reference is written: `data.main["a b"][1]`. */
export function pathText([root, ...steps]: DependencyPath): string {
  return steps.reduce<string>(
    (text, step) => text + (typeof step === 'string' ? stepText(step) : `[${valueText(step)}]`),
    root,
  );
}

function paths(references: readonly Reference[]): readonly DependencyPath[] {
  const known = new Map<string, DependencyPath>();
  for (const { root, parts } of references.toSorted(compareReferences)) {
    const steps = parts.flatMap((part) => (part.kind === 'constant' ? [part.value] : []));
    known.set(JSON.stringify([root, ...steps.map((step) => [typeof step, memberKey(step)])]), [
      root,
      ...steps,
    ]);
  }
  return [...known.values()];
}
