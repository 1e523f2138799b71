import type { Transaction } from '@writ/store';
import { type ApprovalState, approvalKey, keepApproval } from './approval.ts';
import { readCell, readerOf } from './cell.ts';

/** What time does to an approval. */
export type UpkeepEvent = 'expired' | 'reminder' | 'escalated';

/** How many steps of escalation are due at this age: the most that any rule has. */
export function stagesDue({ rules = [] }: Pick<ApprovalState, 'rules'>, ageMs: number): number {
  const counts = rules.map(
    ({ escalate = [] }) => escalate.filter((step) => ageMs >= step.after_seconds * 1000).length,
  );
  return Math.max(0, ...counts);
}

/** What is due for a pending approval now, the end first; undefined where nothing is. */
export function upkeepDue(state: ApprovalState, nowMs: number): UpkeepEvent | undefined {
  if (nowMs > state.expires_ms) return 'expired';
  const ageMs = nowMs - state.created_ms;
  if (stagesDue(state, ageMs) > (state.stage ?? 0)) return 'escalated';
  const reminders = (state.rules ?? []).flatMap(({ remind_after_seconds: after }) =>
    after === undefined ? [] : [after],
  );
  if (reminders.length === 0) return undefined;
  return nowMs - (state.reminded_ms ?? state.created_ms) >= Math.min(...reminders) * 1000
    ? 'reminder'
    : undefined;
}

/** Does what is due, once, however many look after it; undefined where it is not due any more. */
export function upkeepApproval(
  transaction: Transaction,
  id: string,
  event: UpkeepEvent,
): ApprovalState | undefined {
  const state = readCell<ApprovalState>(readerOf(transaction), approvalKey(id));
  const nowMs = transaction.nowMs;
  if (state?.status !== 'pending' || upkeepDue(state, nowMs) !== event) return undefined;
  switch (event) {
    case 'expired':
      return keepApproval(transaction, { ...state, status: 'expired' });
    case 'reminder':
      return keepApproval(transaction, { ...state, reminded_ms: nowMs });
    case 'escalated':
      return keepApproval(transaction, {
        ...state,
        stage: stagesDue(state, nowMs - state.created_ms),
        reminded_ms: nowMs,
      });
  }
}
