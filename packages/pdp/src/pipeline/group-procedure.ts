import { approvalKeys, groupKey, leadsGroup, outboxKeys, readApproval, tellChannels } from '@writ/state';
import type { Procedure } from '@writ/store';

export interface GroupRequest {
  readonly tenant?: string;
  readonly group: string;
  /** The oldest question of the group that waits. */
  readonly id: string;
  /** What the group's cell names. */
  readonly known?: string;
  readonly channels: readonly string[];
}

/** Asks people about the next question of a group whose last one has ended; false where they are asked already. */
const groupProcedure: Procedure<GroupRequest, boolean> = {
  name: 'pdp.approval-group',
  keys: ({ tenant, group, id, known, channels }) => [
    groupKey(tenant, group),
    ...new Set([id, ...(known === undefined ? [] : [known])].flatMap(approvalKeys)),
    ...outboxKeys(id, channels, 'requested'),
  ],
  run: (transaction, { tenant, group, id, known, channels }) => {
    const state = readApproval((key) => transaction.get(key), id, transaction.nowMs);
    if (state?.status !== 'pending') return false;
    if (!leadsGroup(transaction, groupKey(tenant, group), id, known)) return false;
    tellChannels(transaction, id, channels, { event: 'requested', step: 'requested' });
    return true;
  },
};

export default groupProcedure;
