import type { Transaction } from '@writ/store';
import { readApproval } from './approval.ts';
import { readerOf } from './cell.ts';
import { shardedKey } from './cell-key.ts';

/** The cell that names the question of a group that people were asked last. */
export function groupKey(tenant: string | undefined, group: string): string {
  return shardedKey('approval-group', tenant, group);
}

/**
 * Whether people have to be asked about this question of a group by its channels: not while another one of the group
 * waits that they were asked about. `known` is what the cell named when the call was prepared: only that may be read.
 */
export function leadsGroup(
  transaction: Transaction,
  key: string,
  id: string,
  known: string | undefined,
): boolean {
  const lead = transaction.get(key);
  // Somebody asked meanwhile.
  if (lead !== known) return false;
  const waits =
    lead !== undefined && readApproval(readerOf(transaction), lead, transaction.nowMs)?.status === 'pending';
  if (waits) return false;
  transaction.put(key, id);
  return true;
}
