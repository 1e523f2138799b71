import type { Callee, CoreBody, CoreBranch, CoreRule, CoreTerm, Variable } from '../analysis/core.ts';
import type { DocumentNode, RuleGroup } from '../analysis/documents.ts';
import { walkGroups } from '../analysis/documents.ts';
import { isTwin } from '../analysis/twin-rule.ts';
import { finish, mapSteps, type Steps } from '../syntax/steps.ts';
import { compare } from '../value/index.ts';
import { planBody } from './bodies.ts';
import { planDocumentPath } from './document-path.ts';
import { fixedSteps } from './fixed-steps.ts';
import type { PolicyContext } from './frame.ts';
import { BlockBuilder, Slots } from './frame.ts';
import { LazyPlan } from './lazy-plan.ts';
import { isPattern, planPattern } from './patterns.ts';
import type {
  BranchPlan,
  DocumentPlan,
  GroupPlan,
  Pattern,
  PolicyPlan,
  QueryPlan,
  RulePlan,
  ValueNode,
} from './plan.ts';
import { KEY_SLOT } from './plan.ts';
import { indexRules } from './rule-index.ts';
import { sharedConstant } from './shared-constant.ts';
import { planTerm } from './terms.ts';
import { isTwinPlan, TwinPlan } from './twin-plan.ts';
import { isWorthKeeping } from './worth-keeping.ts';

/** What the planner takes over from analysis. */
export interface PlannerInput {
  readonly root: DocumentNode;
  readonly arityOf: (callee: Callee) => number | undefined;
}

/** A policy's plan, and what planning a query against it needs. */
export interface PlannedPolicy {
  readonly plan: PolicyPlan;
  readonly planQuery: (body: CoreBody, variables: ReadonlyMap<string, Variable>) => QueryPlan;
  /** The value at a path below `data`. */
  readonly planPath: (path: readonly string[]) => ValueNode;
}

/** Plans all rules of an analysed policy. */
export function planPolicy(input: PlannerInput): PlannedPolicy {
  return finish(planPolicySteps(input));
}

/**
 * As {@link planPolicy}. A lazy plan has its rules' plans when they are asked for, and that is also when it may come out
 * that one cannot be made (`PlanFault`): for whoever needs each of them once.
 */
export function* planPolicySteps({ root, arityOf }: PlannerInput, isLazy = false): Steps<PlannedPolicy> {
  const groupIds = new Map<RuleGroup, number>();
  const numbered: [RuleGroup, { readonly id: number; readonly node: DocumentNode }][] = [];
  walkGroups(root, (group, node) => {
    numbered.push([group, { id: groupIds.size, node }]);
    groupIds.set(group, groupIds.size);
  });
  const policy: PolicyContext = { root, groupIds, arityOf, planBody, planPattern };
  const groups: GroupPlan[] = [];
  for (const [group, { id, node }] of numbered)
    groups.push(yield* planGroup(policy, group, id, node, isLazy));
  const plan: PolicyPlan = { groups, root: planDocument(root, groups, groupIds) };
  return {
    plan,
    planQuery: (body, variables) => planQuery(policy, body, variables),
    planPath: (path) => planDocumentPath(plan.root, path),
  };
}

function planDocument(
  node: DocumentNode,
  groups: readonly GroupPlan[],
  ids: ReadonlyMap<RuleGroup, number>,
): DocumentPlan {
  const children = new Map<string, DocumentPlan>();
  // In Rego's order, so that of several contradictions in a package the same one is met as in OPA.
  const inOrder = [...node.children].sort(([a], [b]) => compare(a, b));
  for (const [name, child] of inOrder) children.set(name, planDocument(child, groups, ids));
  const group = node.group === undefined ? undefined : groups[ids.get(node.group)!];
  return { path: node.path, group, children };
}

function* planGroup(
  policy: PolicyContext,
  group: RuleGroup,
  id: number,
  node: DocumentNode,
  isLazy: boolean,
): Steps<GroupPlan> {
  const make = (rule: CoreRule): RulePlan => planRule(policy, rule);
  const rules = yield* mapSteps(group.rules, (rule): RulePlan => {
    if (isTwin(rule)) return new TwinPlan(rule, make);
    return isLazy ? new LazyPlan(rule, make) : make(rule);
  });
  const fallback = group.fallback === undefined ? undefined : planRule(policy, group.fallback);
  return {
    id,
    path: group.path,
    kind: group.kind,
    arity: (group.rules[0] ?? group.fallback)!.args.length,
    rules,
    fallback,
    fixed: fixedSteps(group, rules, node),
    constant: sharedConstant(group.rules, rules),
    choice: yield* indexRules(group.rules, policy.root),
    worthKeeping: group.kind === 'function' && isWorthKeeping(rules.filter((rule) => !isTwinPlan(rule))),
  };
}

function planRule(policy: PolicyContext, rule: CoreRule): RulePlan {
  const slots = new Slots();
  const head = new BlockBuilder(policy, slots, new Set(), rule.location);
  const args: Pattern[] = rule.args.map((argument) => planPattern(head, argument));
  const branches = rule.branches.map((branch, index) =>
    planBranch(policy, slots, rule, branch, index, head.bound),
  );
  const isPartial = rule.key !== undefined || rule.tail.length > 0;
  return {
    path: ['data', ...rule.path].join('.'),
    file: rule.file,
    row: rule.row,
    location: rule.location,
    slots: slots.count,
    args,
    branches,
    collects: rule.key === undefined ? 'value' : 'set',
    keyed: isPartial ? once(() => planKeyed(policy, rule)) : undefined,
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function planBranch(
  policy: PolicyContext,
  slots: Slots,
  rule: CoreRule,
  branch: CoreBranch,
  index: number,
  bound: ReadonlySet<Variable>,
): BranchPlan {
  const block = new BlockBuilder(policy, slots, bound, branch.location);
  planBody(block, branch.body);
  return finishBranch(block, rule, branch, index);
}

function finishBranch(block: BlockBuilder, rule: CoreRule, branch: CoreBranch, index: number): BranchPlan {
  block.source = branch.location;
  const keys = index === 0 ? rule.tail.map((part) => planTerm(block, part)) : [];
  const term = index === 0 && rule.key !== undefined ? rule.key : branch.value;
  const value: ValueNode = term === undefined ? { op: 'constant', value: true } : planTerm(block, term);
  return { body: block.statements, keys, value, location: branch.location };
}

/** The same rule with its first key known: matched before the body where it can be, compared after it otherwise. */
function planKeyed(policy: PolicyContext, rule: CoreRule) {
  const slots = new Slots();
  const [branch] = rule.branches;
  const block = new BlockBuilder(policy, slots, new Set(), rule.location);
  const first = (rule.tail[0] ?? rule.key)!;
  const given: ValueNode = { op: 'slot', slot: KEY_SLOT };
  const early = isPattern(block, first) && first.kind !== 'ref';
  if (early) matchKey(block, first, given);
  planBody(block, branch!.body);
  if (!early) block.equal(planTerm(block, first), given);
  return { branches: [finishBranch(block, rule, branch!, 0)], slots: slots.count };
}

function matchKey(block: BlockBuilder, term: CoreTerm, given: ValueNode): void {
  const pattern = planPattern(block, term);
  if (pattern.op === 'bind') block.assign(pattern.slot, given);
  else if (pattern.op === 'check') block.equal(pattern.value, given);
  else if (pattern.op !== 'any') block.emit({ op: 'match', pattern, value: given });
}

function planQuery(
  policy: PolicyContext,
  body: CoreBody,
  variables: ReadonlyMap<string, Variable>,
): QueryPlan {
  const slots = new Slots();
  const location = body[0]!.location;
  const block = new BlockBuilder(policy, slots, new Set(), location);
  planBody(block, body);
  const shown = [...variables]
    .filter(([, variable]) => block.bound.has(variable))
    .map(([name, variable]) => ({ name, slot: slots.of(variable) }));
  return { body: block.statements, slots: slots.count, variables: shown };
}
