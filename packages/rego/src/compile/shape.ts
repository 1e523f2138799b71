import type { GroupPlan } from '../plan/plan.ts';

/** How many rules go into one piece of code that is loaded at once. */
export const RULES_PER_CHUNK_MAX = 25;

/** How many rules chosen by an index are loaded at once: a decision needs few of them, and waits for these. */
export const INDEXED_RULES_PER_CHUNK = 8;

/** Whether all of a group's rules are tried one after another, in one function. */
export function isDirectGroup(group: GroupPlan): boolean {
  const isSingle = group.kind === 'complete' || group.kind === 'function';
  return isSingle && !('subject' in group.choice) && group.rules.length <= RULES_PER_CHUNK_MAX;
}
