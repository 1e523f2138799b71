import {
  closeLedger,
  derivedSalts,
  ledgerBatchKeys,
  recordEntry,
  sealFields,
  type Trust,
} from '@writ/ledger';
import { awayKey, setAway } from '@writ/state';
import type { Procedure } from '@writ/store';

export interface AwayRequest {
  readonly id: string;
  readonly groups: readonly string[];
  /** Absent: back again. */
  readonly away?: { readonly delegate: string; readonly untilMs: number };
  readonly saltSeed: string;
  readonly trust: Trust;
}

/** Somebody who may approve goes away and names a delegate, or is back; on record. */
const awayProcedure: Procedure<AwayRequest, null> = {
  name: 'pdp.away',
  keys: ({ id }) => [awayKey(id)],
  run: (transaction, { id, groups, away, saltSeed, trust }) => {
    setAway(transaction, id, away === undefined ? undefined : { ...away, groups });
    const note = {
      approver: id,
      ...(away === undefined ? {} : { delegate: away.delegate, until: new Date(away.untilMs).toISOString() }),
    };
    const event = away === undefined ? 'approver_back' : 'approver_away';
    recordEntry(
      transaction,
      { kind: 'administrative', event },
      sealFields({ note }, derivedSalts(saltSeed)),
      trust,
    );
    return null;
  },
  afterBatch: closeLedger,
  batchKeys: ledgerBatchKeys,
};

export default awayProcedure;
