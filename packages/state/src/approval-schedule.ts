import type { ApprovalRule } from '@writ/decision';
import type { ApprovalState } from './approval-state.ts';

/**
 * Ages of a question at which further people are asked, ms, ascending: those of all rules, one step where several rules
 * name the same age. A question's `stage` is how many of them were told.
 */
export function escalationTimes(rules: readonly ApprovalRule[]): readonly number[] {
  const ages = rules.flatMap(({ escalate = [] }) =>
    escalate.map(({ after_seconds }) => after_seconds * 1000),
  );
  return [...new Set(ages)].toSorted((left, right) => left - right);
}

/** How many steps of escalation are due at this age. */
export function stagesDue({ rules = [] }: Pick<ApprovalState, 'rules'>, ageMs: number): number {
  return escalationTimes(rules).filter((time) => ageMs >= time).length;
}

/** How long people are left alone before they are reminded: the shortest time that any rule has. */
export function reminderMs({ rules = [] }: Pick<ApprovalState, 'rules'>): number | undefined {
  const times = rules.flatMap(({ remind_after_seconds: after }) => (after === undefined ? [] : [after]));
  return times.length === 0 ? undefined : Math.min(...times) * 1000;
}

/** When a pending approval has to be looked after next. */
export function nextUpkeepMs(
  state: Pick<ApprovalState, 'created_ms' | 'expires_ms' | 'rules' | 'stage' | 'reminded_ms'>,
): number {
  const { created_ms, expires_ms, rules = [], stage = 0, reminded_ms = created_ms } = state;
  const step = escalationTimes(rules)[stage];
  const reminder = reminderMs(state);
  return Math.min(
    expires_ms,
    ...(step === undefined ? [] : [created_ms + step]),
    ...(reminder === undefined ? [] : [reminded_ms + reminder]),
  );
}
