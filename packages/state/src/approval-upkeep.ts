import type { Transaction } from '@writ/store';
import { approvalKey, keepApproval } from './approval.ts';
import { reminderMs, stagesDue } from './approval-schedule.ts';
import type { ApprovalState } from './approval-state.ts';
import { readCell, readerOf } from './cell.ts';

/** What time does to an approval. */
export type UpkeepEvent = 'expired' | 'reminder' | 'escalated';

/** What is due for a pending approval now, the end first; undefined where nothing is. */
export function upkeepDue(state: ApprovalState, nowMs: number): UpkeepEvent | undefined {
  if (nowMs > state.expires_ms) return 'expired';
  const ageMs = nowMs - state.created_ms;
  if (stagesDue(state, ageMs) > (state.stage ?? 0)) return 'escalated';
  const afterMs = reminderMs(state);
  const leftAloneMs = nowMs - (state.reminded_ms ?? state.created_ms);
  return afterMs !== undefined && leftAloneMs >= afterMs ? 'reminder' : undefined;
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
