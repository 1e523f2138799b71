import {
  closeLedger,
  derivedSalts,
  ledgerBatchKeys,
  recordEntry,
  sealFields,
  type Trust,
} from '@writ/ledger';
import { approvalKeys, outboxKeys, tellChannels, type UpkeepEvent, upkeepApproval } from '@writ/state';
import type { Procedure } from '@writ/store';

export interface UpkeepRequest {
  readonly id: string;
  readonly event: UpkeepEvent;
  readonly channels: readonly string[];
  /** Tells two reminders of one approval apart. */
  readonly step: string;
  readonly saltSeed: string;
  readonly trust: Trust;
}

/** What time does to an approval: it ends, people are reminded, further ones are asked. Each once, on record. */
const upkeepProcedure: Procedure<UpkeepRequest, boolean> = {
  name: 'pdp.approval-upkeep',
  keys: ({ id, channels, step }) => [...approvalKeys(id), ...outboxKeys(id, channels, step)],
  run: (transaction, { id, event, channels, step, saltSeed, trust }) => {
    const state = upkeepApproval(transaction, id, event);
    if (state === undefined) return false;
    const { binding, decision_id } = state;
    const fields = {
      approval: { by: 'writ', channel: 'time' },
      principal: binding.principal,
      actor: binding.actor,
      ...(binding.tenant === undefined ? {} : { tenant: binding.tenant }),
    };
    const sealed = sealFields(fields, derivedSalts(saltSeed));
    recordEntry(transaction, { kind: 'approval', event, approval_id: id, decision_id }, sealed, trust);
    tellChannels(transaction, id, channels, { event, step });
    return true;
  },
  afterBatch: closeLedger,
  batchKeys: ledgerBatchKeys,
};

export default upkeepProcedure;
