import type { CoreConstant, CoreExpression, CoreRule, CoreTerm, Variable } from '../analysis/core.ts';
import type { DocumentNode } from '../analysis/documents.ts';
import { isTwin } from '../analysis/twin-rule.ts';
import { mapSteps, type Steps } from '../syntax/steps.ts';
import type { RuleChoice, RuleIndex } from './plan.ts';

/** Fewer rules than this are tried one by one. */
const INDEXED_RULES_MIN = 3;
/** How many bucket entries an index may have for each rule that it covers. */
const ENTRIES_PER_RULE_MAX = 8;

/** So many positions are looked at in a step. */
const STEP_POSITIONS = 64;

type Primitive = string | number | boolean | null;
type Subject = RuleIndex['subject'];

/** A rule that cannot succeed unless the subject is one of the keys. */
interface Condition {
  readonly subject: Subject;
  /** Constants whose values are primitive ones. */
  readonly keys: readonly CoreConstant[];
}
type Conditions = ReadonlyMap<string, Condition>;

/** The conditions of a rule, or those of the rule that it is like with other constants. */
interface OfRule {
  readonly rule: CoreRule;
  readonly conditions: Conditions;
}

/**
 * Chooses by what the bodies compare with constants (`input.tool == "x"`, `x in {"a", "b"}`, constant arguments)
 * which rules can succeed, so that the cost of many rules is one lookup. A rule is left out only where its
 * comparison fails, so conflicts between rules stay visible.
 */
export function* indexRules(rules: readonly CoreRule[], root: DocumentNode): Steps<RuleChoice> {
  const all = rules.map((_rule, position) => position);
  if (rules.length < INDEXED_RULES_MIN) return all;
  const known = new Map<CoreRule, Conditions>();
  const conditions = yield* mapSteps(rules, (rule): OfRule => {
    const looked = isTwin(rule) ? rule.twinOf : rule;
    let found = known.get(looked);
    if (found === undefined) {
      found = conditionsOf(looked, root);
      known.set(looked, found);
    }
    return { rule, conditions: found };
  });
  return yield* chooseIndex(all, conditions, new Set());
}

/** Each key once. */
function keysOf({ rule, conditions }: OfRule, name: string): Iterable<Primitive> {
  const { keys } = conditions.get(name)!;
  const primitiveOf = (key: CoreConstant): Primitive =>
    (isTwin(rule) ? rule.valueOf(key) : key.value) as Primitive;
  return keys.length === 1 ? [primitiveOf(keys[0]!)] : new Set(keys.map(primitiveOf));
}

function* chooseIndex(
  positions: readonly number[],
  conditions: readonly OfRule[],
  used: ReadonlySet<string>,
): Steps<RuleChoice> {
  if (positions.length < INDEXED_RULES_MIN) return positions;
  const counts = new Map<string, number>();
  for (let index = 0; index < positions.length; index++) {
    if (index % STEP_POSITIONS === 0) yield;
    const position = positions[index]!;
    for (const name of conditions[position]!.conditions.keys()) {
      if (!used.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  let best: string | undefined;
  for (const [name, count] of counts) {
    if (count >= INDEXED_RULES_MIN - 1 && count > (best === undefined ? 0 : counts.get(best)!)) best = name;
  }
  return best === undefined
    ? positions
    : ((yield* buildIndex(best, positions, conditions, used)) ?? positions);
}

function* buildIndex(
  name: string,
  positions: readonly number[],
  conditions: readonly OfRule[],
  used: ReadonlySet<string>,
): Steps<RuleIndex | undefined> {
  const keyed = new Map<Primitive, number[]>();
  const always: number[] = [];
  let subject: Subject | undefined;
  for (let index = 0; index < positions.length; index++) {
    if (index % STEP_POSITIONS === 0) yield;
    const position = positions[index]!;
    const condition = conditions[position]!.conditions.get(name);
    if (condition === undefined) {
      always.push(position);
      continue;
    }
    subject = condition.subject;
    for (const key of keysOf(conditions[position]!, name)) {
      const bucket = keyed.get(key);
      if (bucket === undefined) keyed.set(key, [position]);
      else bucket.push(position);
    }
  }
  const entries = keyed.size * always.length;
  if (subject === undefined || entries > positions.length * ENTRIES_PER_RULE_MAX) return undefined;
  const inner = new Set(used).add(name);
  const buckets = new Map<Primitive, RuleChoice>();
  for (const [key, members] of keyed) {
    // Each list is in order by itself.
    const together = always.length === 0 ? members : [...members, ...always].sort((a, b) => a - b);
    const choice =
      together.length < INDEXED_RULES_MIN ? together : yield* chooseIndex(together, conditions, inner);
    buckets.set(key, choice);
    if (buckets.size % STEP_POSITIONS === 0) yield;
  }
  return { subject, buckets, otherwise: yield* chooseIndex(always, conditions, inner) };
}

const NO_CONDITIONS: Conditions = new Map();

function conditionsOf(rule: CoreRule, root: DocumentNode): Conditions {
  if (rule.branches.length > 1) return NO_CONDITIONS;
  const found = new Map<string, Condition>();
  const aliases = new Map<Variable, CoreTerm>();
  const positions = new Map<Variable, number>();
  rule.args.forEach((argument, position) => {
    if (argument.kind === 'variable') positions.set(argument.variable, position);
    const keys = primitives(argument);
    if (keys !== undefined && argument.kind === 'constant') {
      add(found, { subject: { op: 'argument', position, path: [] }, keys });
    }
  });
  const compareWith = (term: CoreTerm, other: CoreTerm, binds: boolean): void => {
    if (binds && term.kind === 'variable' && !positions.has(term.variable)) aliases.set(term.variable, other);
    const keys = primitives(other);
    const subject = keys === undefined ? undefined : subjectOf(term, aliases, positions, root);
    if (keys !== undefined && subject !== undefined) add(found, { subject, keys });
  };
  for (const expression of rule.branches[0]!.body) {
    if (expression.negated || expression.with.length > 0) continue;
    const pair = comparison(expression);
    if (pair !== undefined) {
      compareWith(pair[0], pair[1], expression.kind === 'equal');
      compareWith(pair[1], pair[0], expression.kind === 'equal');
    }
    const member = membership(expression);
    if (member === undefined) continue;
    const subject = subjectOf(member.term, aliases, positions, root);
    if (subject !== undefined) add(found, { subject, keys: member.keys });
  }
  return found;
}

function add(found: Map<string, Condition>, condition: Condition): void {
  const name = JSON.stringify(condition.subject);
  if (!found.has(name)) found.set(name, condition);
}

function comparison(expression: CoreExpression): readonly [CoreTerm, CoreTerm] | undefined {
  if (expression.kind === 'equal') return [expression.left, expression.right];
  if (expression.kind !== 'call' || expression.callee.kind !== 'builtin') return undefined;
  const { callee, args } = expression;
  return callee.name === 'equal' && args.length === 2 ? [args[0]!, args[1]!] : undefined;
}

function membership(
  expression: CoreExpression,
): { readonly term: CoreTerm; readonly keys: readonly CoreConstant[] } | undefined {
  if (expression.kind !== 'call' || expression.callee.kind !== 'builtin') return undefined;
  const [term, collection] = expression.args;
  if (expression.callee.name !== 'internal.member_2' || expression.args.length !== 2) return undefined;
  if (collection?.kind !== 'set' && collection?.kind !== 'array') return undefined;
  const keys: CoreConstant[] = [];
  for (const item of collection.items) {
    const key = primitives(item);
    if (key === undefined) return undefined;
    keys.push(...key);
  }
  return { term: term!, keys };
}

function primitives(term: CoreTerm): readonly CoreConstant[] | undefined {
  if (term.kind !== 'constant') return undefined;
  const { value } = term;
  return value === null || typeof value !== 'object' ? [term] : undefined;
}

/** What can be read before any rule runs: input and base data by names, and arguments. */
function subjectOf(
  term: CoreTerm,
  aliases: ReadonlyMap<Variable, CoreTerm>,
  positions: ReadonlyMap<Variable, number>,
  root: DocumentNode,
): Subject | undefined {
  let looked = term;
  if (looked.kind === 'variable') {
    const position = positions.get(looked.variable);
    if (position !== undefined) return { op: 'argument', position, path: [] };
    const alias = aliases.get(looked.variable);
    if (alias === undefined || alias.kind === 'variable') return undefined;
    looked = alias;
  }
  if (looked.kind !== 'ref') return undefined;
  const path: string[] = [];
  for (const part of looked.parts) {
    if (part.kind !== 'constant' || typeof part.value !== 'string') return undefined;
    path.push(part.value);
  }
  if (looked.root === 'input') return { op: 'input', path };
  if (looked.root === 'data') return isBasePath(root, path) ? { op: 'base', path } : undefined;
  if (looked.root.kind !== 'variable') return undefined;
  const position = positions.get(looked.root.variable);
  return position === undefined ? undefined : { op: 'argument', position, path };
}

function isBasePath(root: DocumentNode, path: readonly string[]): boolean {
  let node: DocumentNode | undefined = root;
  for (const step of path) {
    node = node.children.get(step);
    if (node === undefined) return true;
    if (node.group !== undefined) return false;
  }
  return false;
}
