import type { DocumentNode, RuleGroup } from '../analysis/documents.ts';
import { isScalar, memberKey } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import type { FixedSteps, RulePlan } from './plan.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] };
type Key = ReturnType<typeof memberKey>;

/**
 * Finds the constant steps of a group's heads (`p[1].q := …`). In OPA these are steps of the tree of rules, as names
 * are, up to the first step at which a rule has a variable.
 */
export function fixedSteps(
  group: RuleGroup,
  rules: readonly RulePlan[],
  node: DocumentNode,
): FixedSteps | undefined {
  if (group.kind !== 'partial-object') return undefined;
  const found: Mutable<FixedSteps> = { whole: [], prepared: [], defaults: [] };
  const members = rules.map((rule, position) => ({ rule, position }));
  if (!visit(members, [], found)) return undefined;
  for (const [name, child] of node.children) prepareDocument(child, [name], found);
  for (const { tail, branches } of group.defaults) {
    const keys = tail.flatMap((step) => (step.kind === 'constant' ? [step.value] : []));
    const value = branches[0]?.value;
    if (value?.kind === 'constant') found.defaults.push({ keys, value: value.value });
  }
  return found;
}

interface Member {
  readonly rule: RulePlan;
  readonly position: number;
}

/** Goes down by constants; false where a rule has a variable in the next step. */
function visit(members: readonly Member[], above: readonly Value[], found: Mutable<FixedSteps>): boolean {
  const byKey = new Map<Key, { readonly key: Value; readonly inside: Member[] }>();
  for (const member of members) {
    const step = member.rule.branches[0]!.keys[above.length];
    if (step?.op !== 'constant' || !isScalar(step.value)) return false;
    const known = byKey.get(memberKey(step.value));
    if (known === undefined) byKey.set(memberKey(step.value), { key: step.value, inside: [member] });
    else known.inside.push(member);
  }
  for (const { key, inside } of byKey.values()) {
    const keys = [...above, key];
    const ending = inside.filter(({ rule }) => rule.branches[0]!.keys.length === keys.length);
    for (const { rule, position } of ending) {
      if (rule.collects === 'set') found.prepared.push({ keys, kind: 'set' });
      else found.whole.push(position);
    }
    if (ending.length > 0) continue;
    found.prepared.push({ keys, kind: 'object' });
    visit(inside, keys, found);
  }
  return true;
}

function prepareDocument(node: DocumentNode, keys: readonly Value[], found: Mutable<FixedSteps>): void {
  const kind = node.group?.kind;
  // A set or an object is there before it has a member; any other rule gives a value, or nothing.
  if (kind === 'partial-set') found.prepared.push({ keys, kind: 'set' });
  else if (kind === undefined || kind === 'partial-object') found.prepared.push({ keys, kind: 'object' });
  if (kind !== undefined) return;
  for (const [name, child] of node.children) prepareDocument(child, [...keys, name], found);
}
