import { StoreError, type StoreErrorCode } from '@writ/store';

/** What a fault of the store means to a decision. */
export type StoreFaultCode = 'audit_unavailable' | 'state_unavailable';

/**
 * What a commit that failed is called: the record could not be written (disk, damage, back-pressure, time), or the
 * store as such is not there. Either way the answer is deny and is not on record.
 */
const COMMIT_FAULTS: Readonly<Record<StoreErrorCode, StoreFaultCode>> = {
  store_closed: 'state_unavailable',
  store_full: 'audit_unavailable',
  store_read_only: 'audit_unavailable',
  store_corrupt: 'audit_unavailable',
  store_io: 'audit_unavailable',
  store_busy: 'state_unavailable',
  store_overloaded: 'audit_unavailable',
  store_timeout: 'audit_unavailable',
  store_owner_lost: 'state_unavailable',
  store_procedure_failed: 'state_unavailable',
  store_schema_newer: 'state_unavailable',
};

/** A failed call of the store as a reason: a code, and a sentence that gives away no path and no value. */
export interface StoreFault {
  readonly code: StoreFaultCode;
  readonly message: string;
}

/** Coerces whatever a commit threw; what is not known denies with `state_unavailable`. */
export function commitFault(thrown: unknown): StoreFault {
  if (thrown instanceof StoreError)
    return { code: COMMIT_FAULTS[thrown.code], message: thrown.publicMessage };
  return { code: 'state_unavailable', message: 'the store failed' };
}

/** Coerces whatever reading the state threw. */
export function readFault(thrown: unknown): StoreFault {
  const message = thrown instanceof StoreError ? thrown.publicMessage : 'the store failed';
  return { code: 'state_unavailable', message };
}
