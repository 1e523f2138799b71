import type { Steps } from '../syntax/steps.ts';
import type { CoreRule } from './core.ts';
import type { DocumentNode } from './documents.ts';
import { ruleText, walkGroups } from './documents.ts';
import { recursionCause } from './recursion-cause.ts';
import type { Report } from './report.ts';
import type { RuleGraph } from './rule-graph.ts';

/** Refuses rules that need their own value (OPA's stage CheckRecursion). */
export function* checkRecursion(root: DocumentNode, graph: RuleGraph, report: Report): Steps<void> {
  const cyclic = yield* rulesInCycles(graph);
  if (cyclic.size === 0) return;
  walkGroups(root, (group) => {
    for (const rule of group.rules) {
      if (!cyclic.has(rule)) continue;
      for (const [branch, { location }] of rule.branches.entries()) {
        const message = recursionOf(rule, branch, graph);
        if (message !== undefined) report.error('rego_recursion_error', message, location);
      }
    }
  });
}

/** What is wrong with a branch of a rule that leads back to the rule. */
function recursionOf(rule: CoreRule, branch: number, graph: RuleGraph): string | undefined {
  const certain = cycleFrom(rule, branch, graph, false);
  const path = certain ?? cycleFrom(rule, branch, graph, true);
  if (path === undefined) return undefined;
  const names = path.map(ruleText).join(' -> ');
  if (certain !== undefined) return `rule ${ruleText(rule)} is recursive: ${names}`;
  return `rule ${ruleText(rule)} may be recursive: ${names}${causeOf(path, graph)}`;
}

/** What closes the circle: the first step of it that is not certain. */
function causeOf(path: readonly CoreRule[], graph: RuleGraph): string {
  for (let index = 1; index < path.length; index++) {
    const from = path[index - 1]!;
    const edge = graph.get(from)?.find(({ to }) => to === path[index]);
    if (edge?.dynamic !== undefined) return recursionCause(from, edge.dynamic, edge.to, index === 1);
  }
  return '';
}

/** A shortest way from a branch of a rule back to the rule. */
function cycleFrom(
  start: CoreRule,
  branch: number,
  graph: RuleGraph,
  withDynamic: boolean,
): CoreRule[] | undefined {
  const cameFrom = new Map<CoreRule, CoreRule>();
  let frontier = [start];
  while (frontier.length > 0) {
    const next: CoreRule[] = [];
    for (const rule of frontier) {
      for (const edge of graph.get(rule) ?? []) {
        if (edge.dynamic !== undefined && !withDynamic) continue;
        if (rule === start && !edge.branches.includes(branch)) continue;
        if (edge.to === start) return trace(start, rule, cameFrom);
        if (cameFrom.has(edge.to)) continue;
        cameFrom.set(edge.to, rule);
        next.push(edge.to);
      }
    }
    frontier = next;
  }
  return undefined;
}

function trace(start: CoreRule, last: CoreRule, cameFrom: ReadonlyMap<CoreRule, CoreRule>): CoreRule[] {
  const path = [start];
  for (let rule = last; rule !== start; rule = cameFrom.get(rule)!) path.unshift(rule);
  path.unshift(start);
  return path;
}

/** Rules in strongly connected components (Tarjan), without recursion of our own on deep policies. */
function* rulesInCycles(graph: RuleGraph): Steps<Set<CoreRule>> {
  const order = new Map<CoreRule, number>();
  const low = new Map<CoreRule, number>();
  const stack: CoreRule[] = [];
  const onStack = new Set<CoreRule>();
  const cyclic = new Set<CoreRule>();
  for (const first of graph.keys()) {
    yield;
    if (order.has(first)) continue;
    const work: { rule: CoreRule; next: number }[] = [{ rule: first, next: 0 }];
    while (work.length > 0) {
      const top = work.at(-1)!;
      const { rule } = top;
      if (top.next === 0) {
        order.set(rule, order.size);
        low.set(rule, order.get(rule)!);
        stack.push(rule);
        onStack.add(rule);
      }
      const edges = graph.get(rule) ?? [];
      const edge = edges[top.next];
      top.next += 1;
      if (edge !== undefined) {
        if (edge.to === rule) cyclic.add(rule);
        if (!order.has(edge.to)) work.push({ rule: edge.to, next: 0 });
        else if (onStack.has(edge.to)) low.set(rule, Math.min(low.get(rule)!, order.get(edge.to)!));
        continue;
      }
      work.pop();
      const parent = work.at(-1)?.rule;
      if (parent !== undefined) low.set(parent, Math.min(low.get(parent)!, low.get(rule)!));
      if (low.get(rule) === order.get(rule)) closeComponent(rule, stack, onStack, cyclic);
    }
  }
  return cyclic;
}

function closeComponent(
  rule: CoreRule,
  stack: CoreRule[],
  onStack: Set<CoreRule>,
  cyclic: Set<CoreRule>,
): void {
  const component: CoreRule[] = [];
  for (;;) {
    const member = stack.pop()!;
    onStack.delete(member);
    component.push(member);
    if (member === rule) break;
  }
  if (component.length > 1) for (const member of component) cyclic.add(member);
}
