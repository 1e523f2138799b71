import type { GroupPlan } from '../plan/plan.ts';

/** How many rules of small groups are loaded at once: a decision waits for it. */
export const RULES_PER_CHUNK_MAX = 25;

/** Whether all of a group's rules are tried one after another, in one function. */
export function isDirectGroup(group: GroupPlan): boolean {
  const isSingle = group.kind === 'complete' || group.kind === 'function';
  return isSingle && !('subject' in group.choice) && group.rules.length <= RULES_PER_CHUNK_MAX;
}
