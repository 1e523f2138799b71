import type { CoreRef, CoreRule, CoreTerm } from './core.ts';
import type { DocumentNode } from './documents.ts';
import { ruleText, walkGroups } from './documents.ts';
import type { Report } from './report.ts';
import { walkBody, walkTerm } from './walk.ts';

interface Edge {
  readonly to: CoreRule;
  /** Found through a step that is known only at run time. */
  readonly dynamic: boolean;
}

/** The rules that each rule reads or calls. */
export type RuleGraph = ReadonlyMap<CoreRule, readonly Edge[]>;

/** Finds what every rule depends on (OPA's stage SetGraph). */
export function ruleGraph(rules: readonly CoreRule[], root: DocumentNode): RuleGraph {
  return new Map(rules.map((rule) => [rule, edgesOf(rule, root)]));
}

function edgesOf(rule: CoreRule, root: DocumentNode): Edge[] {
  const edges = new Map<CoreRule, Edge>();
  const reach = (parts: readonly (string | undefined)[]): void => {
    for (const edge of reachable(root, parts)) {
      const known = edges.get(edge.to);
      if (known === undefined || (known.dynamic && !edge.dynamic)) edges.set(edge.to, edge);
    }
  };
  const visitor = {
    ref: (ref: CoreRef) => {
      if (ref.root === 'data') reach(ref.parts.map(stepName));
    },
    expression: (expression: CoreRule['branches'][number]['body'][number]) => {
      if (expression.kind === 'call' && expression.callee.kind === 'function') reach(expression.callee.path);
      for (const { replacement } of expression.with) {
        if (replacement.kind === 'function') reach(replacement.path);
      }
    },
  };
  for (const branch of rule.branches) {
    walkBody(branch.body, visitor);
    if (branch.value !== undefined) walkTerm(branch.value, visitor);
  }
  for (const term of [...rule.args, ...rule.tail, rule.key]) {
    if (term !== undefined) walkTerm(term, visitor);
  }
  return [...edges.values()];
}

/** A constant step's name; undefined for a step that is known only at run time. */
function stepName(term: CoreTerm): string | undefined {
  if (term.kind !== 'constant') return undefined;
  return typeof term.value === 'string' ? term.value : JSON.stringify(term.value);
}

/** The rules that a path can lead to or through. */
function reachable(root: DocumentNode, parts: readonly (string | undefined)[]): Edge[] {
  const found: Edge[] = [];
  const follow = (node: DocumentNode, index: number, dynamic: boolean): void => {
    if (node.group !== undefined) {
      const members = node.group.fallback === undefined ? [] : [node.group.fallback];
      for (const rule of [...members, ...node.group.rules]) {
        const meets = meetsTail(rule, parts.slice(index));
        if (meets !== 'no') found.push({ to: rule, dynamic: dynamic || meets === 'maybe' });
      }
    }
    if (index >= parts.length) {
      for (const child of node.children.values()) follow(child, index, dynamic);
      return;
    }
    const name = parts[index];
    if (name === undefined) {
      for (const child of node.children.values()) follow(child, index + 1, true);
      return;
    }
    const child = node.children.get(name);
    if (child !== undefined) follow(child, index + 1, dynamic);
  };
  follow(root, 0, false);
  return found;
}

/** Whether the steps after a rule's path can select what its head defines. */
function meetsTail(rule: CoreRule, steps: readonly (string | undefined)[]): 'yes' | 'maybe' | 'no' {
  let answer: 'yes' | 'maybe' = 'yes';
  for (const [index, term] of rule.tail.entries()) {
    const step = steps[index];
    if (index >= steps.length) return answer;
    const own = stepName(term);
    if (own !== undefined && step !== undefined && own !== step) return 'no';
    if (own !== undefined && step === undefined) answer = 'maybe';
  }
  return answer;
}

/** Refuses rules that need their own value (OPA's stage CheckRecursion). */
export function checkRecursion(root: DocumentNode, graph: RuleGraph, report: Report): void {
  const cyclic = rulesInCycles(graph);
  if (cyclic.size === 0) return;
  walkGroups(root, (group) => {
    for (const rule of group.rules) {
      if (!cyclic.has(rule)) continue;
      const strict = cycleFrom(rule, graph, false);
      const path = strict ?? cycleFrom(rule, graph, true);
      if (path === undefined) continue;
      const names = path.map((step) => ruleText(step));
      const verb = strict === undefined ? 'may be' : 'is';
      const message = `rule ${ruleText(rule)} ${verb} recursive: ${names.join(' -> ')}`;
      report.error('rego_recursion_error', message, rule.location);
    }
  });
}

/** A shortest way from a rule back to itself. */
function cycleFrom(start: CoreRule, graph: RuleGraph, withDynamic: boolean): CoreRule[] | undefined {
  const cameFrom = new Map<CoreRule, CoreRule>();
  let frontier = [start];
  while (frontier.length > 0) {
    const next: CoreRule[] = [];
    for (const rule of frontier) {
      for (const edge of graph.get(rule) ?? []) {
        if (edge.dynamic && !withDynamic) continue;
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
function rulesInCycles(graph: RuleGraph): Set<CoreRule> {
  const order = new Map<CoreRule, number>();
  const low = new Map<CoreRule, number>();
  const stack: CoreRule[] = [];
  const onStack = new Set<CoreRule>();
  const cyclic = new Set<CoreRule>();
  for (const first of graph.keys()) {
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
