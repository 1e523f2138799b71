import {
  closeLedger,
  type EntryCore,
  ledgerBatchKeys,
  recordEntry,
  type Sealed,
  type Trust,
} from '@writ/ledger';
import { reportToSession, type SessionReport, type StateSubject, sessionKeys } from '@writ/state';
import type { Procedure } from '@writ/store';

/** A fact for the record that decides nothing; it may also tell a session something. */
export interface NoteRequest {
  readonly core: EntryCore;
  readonly sealed: Sealed;
  readonly trust: Trust;
  readonly session?: { readonly subject: StateSubject; readonly report: SessionReport };
}

const noteProcedure: Procedure<NoteRequest, { readonly index: number }> = {
  name: 'pdp.note',
  keys: ({ session }) => (session === undefined ? [] : sessionKeys(session.subject)),
  run: (transaction, { core, sealed, trust, session }) => {
    if (session !== undefined) reportToSession(transaction, session.subject, session.report);
    return { index: recordEntry(transaction, core, sealed, trust) };
  },
  afterBatch: closeLedger,
  batchKeys: ledgerBatchKeys,
};

export default noteProcedure;
