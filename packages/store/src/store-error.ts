import { STORE_ERROR_CODES, type StoreErrorCode } from './contract.ts';

/** Why the store did not (or cannot tell whether it did) make something durable. `code` is one of `STORE_ERROR_CODES`. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  /** What a stranger may read: no path, no key, no value. */
  readonly publicMessage: string;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.publicMessage = PUBLIC_MESSAGES[code];
  }
}

const PUBLIC_MESSAGES: Readonly<Record<StoreErrorCode, string>> = {
  store_closed: 'the store is closed',
  store_full: 'the disk or the size limit of the store is reached',
  store_read_only: 'the files of the store cannot be written',
  store_corrupt: 'the files of the store are damaged',
  store_io: 'the disk reported an error',
  store_busy: 'another process holds the files of the store and does not answer',
  store_overloaded: 'too many calls wait for the store',
  store_timeout: 'the store did not answer in time',
  store_owner_lost: 'the process that owns the store ended before it answered',
  store_procedure_failed: 'the procedure failed and was undone',
  store_schema_newer: 'the files were written by a newer version',
};

/** SQLite's primary result codes (https://sqlite.org/rescode.html) in our terms; all others are `store_io`. */
const CODE_BY_SQLITE_RESULT: ReadonlyMap<number, StoreErrorCode> = new Map([
  [3, 'store_read_only'],
  [5, 'store_busy'],
  [6, 'store_busy'],
  [8, 'store_read_only'],
  [11, 'store_corrupt'],
  [13, 'store_full'],
  [26, 'store_corrupt'],
]);

const CODE_BY_SYSTEM_ERROR: ReadonlyMap<string, StoreErrorCode> = new Map([
  ['EACCES', 'store_read_only'],
  ['EPERM', 'store_read_only'],
  ['EROFS', 'store_read_only'],
  ['ENOSPC', 'store_full'],
  ['EDQUOT', 'store_full'],
]);

/** Turns whatever was thrown by SQLite or the file system into a `StoreError`; what it does not know is `store_io`. */
export function storeErrorFrom(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new StoreError(codeOf(cause), message, { cause });
}

function codeOf(cause: unknown): StoreErrorCode {
  if (typeof cause !== 'object' || cause === null) return 'store_io';
  if ('errcode' in cause && typeof cause.errcode === 'number') {
    return CODE_BY_SQLITE_RESULT.get(cause.errcode & 0xff) ?? 'store_io';
  }
  if ('code' in cause && typeof cause.code === 'string')
    return CODE_BY_SYSTEM_ERROR.get(cause.code) ?? 'store_io';
  return 'store_io';
}

/** Reads a code that came over a wire; one that is not in the list becomes `store_io`. */
export function storeErrorCode(text: string): StoreErrorCode {
  return STORE_ERROR_CODES.find((code) => code === text) ?? 'store_io';
}
