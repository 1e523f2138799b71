import type { RecentDecision } from '@writ/decision';
import { type LedgerEntry, readEntry } from '@writ/ledger';
import type { ApprovalState } from '@writ/state';
import type { Core } from './core.ts';

/** How far back the record is read, how much of it at once, and how many lines are shown. */
const LOOK_BACK = 4096;
const WINDOW = 512;
const SHOWN_MAX = 5;

/** The latest decisions on this tool by this actor, newest first; as far as they are recent, and not erased. */
export async function recentDecisions(
  core: Core,
  approval: ApprovalState,
): Promise<readonly RecentDecision[]> {
  const found: RecentDecision[] = [];
  const size = await core.store.logSize();
  for (let to = size; to > Math.max(0, size - LOOK_BACK) && found.length < SHOWN_MAX; to -= WINDOW) {
    const stored = await core.store.entries(Math.max(0, to - WINDOW), to);
    for (const each of stored.toReversed()) {
      const read = readEntry(each);
      if (read.ok && isOf(read.value, approval)) found.push(shown(read.value));
      if (found.length >= SHOWN_MAX) break;
    }
  }
  return found;
}

function isOf({ core, fields }: LedgerEntry, { binding, action, decision_id }: ApprovalState): boolean {
  return (
    core.kind === 'decision' &&
    core.phase === 'call' &&
    core.decision_id !== decision_id &&
    fields.actor === binding.actor &&
    fields.tool === action.tool &&
    fields.tenant === binding.tenant
  );
}

function shown({ core, time }: LedgerEntry): RecentDecision {
  const [reason] = core.codes ?? [];
  return {
    decision_id: core.decision_id ?? '',
    time,
    outcome: core.outcome ?? '',
    ...(reason === undefined ? {} : { reason }),
  };
}
