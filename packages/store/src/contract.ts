/**
 * The store's contract. All durable state of a decision point is **cells** (key to bytes, compared and replaced
 * whole) and one **log** (append only). Work reaches it as calls of *procedures*: modules that the store's worker
 * loads by URL. A procedure declares the cells that it reads; the worker gathers those for a whole batch, runs the
 * pure functions in order, writes everything in one transaction and acknowledges after the commit is durable. On
 * PostgreSQL the same shape is three round trips a batch.
 */

export interface StoredEntry {
  /** Position in the log, from 0, without gaps. */
  readonly index: number;
  /** Bytes hashed into the tree. */
  readonly leaf: Uint8Array;
  /** What lies beside the tree: identifiers, arguments, results, salts (JSON text). Erasable. */
  readonly detail: string | null;
}

/** What a procedure sees. Reads of undeclared cells throw: they would be a race on other back ends. */
export interface Transaction {
  /** Milliseconds since 1970, never stepping back within one store (clamped); the same for a whole batch. */
  readonly nowMs: number;
  /** Present when the system's clock stands behind `nowMs`: by how many milliseconds it stepped back. */
  readonly clockSteppedBackMs?: number;
  get(key: string): string | undefined;
  put(key: string, value: string): void;
  remove(key: string): void;
  /** Appends to the log and gives the entry's index; -1 on PostgreSQL, where a sequencer gives it within a second. */
  append(leaf: Uint8Array, detail: string | null): number;
  /**
   * Puts another text, or none, beside an entry that is in the log already: for erasing. The leaf stays. Whoever erases
   * compares a cell of its own, so that two do not undo each other.
   */
  replaceDetail(index: number, detail: string | null): void;
  /** Number of entries in the log, this batch's included; on PostgreSQL those that have their place. */
  readonly logSize: number;
}

/**
 * One kind of durable work. Names do not begin with `$`. `run` may be repeated for one call (a batch whose closing
 * failed is run again call by call), which its purity makes harmless. `Request` and `Result` are JSON: what `JSON.stringify`
 * drops or changes arrives dropped or changed.
 */
export interface Procedure<Request, Result> {
  readonly name: string;
  /** Keys of every cell that `run` may read or write for this request. */
  keys(request: Request): readonly string[];
  /** Pure: no clock, no randomness, no I/O but `transaction`. Throwing aborts this call alone, never the batch. */
  run(transaction: Transaction, request: Request): Result;
  /**
   * Runs once per batch, after its calls and before the commit (the ledger closes its tree here), with every entry
   * that the batch appended, whichever procedure did. The hooks of all loaded procedures run in each batch in which
   * a call succeeded; the same function shared by several procedures runs once. A hook does not append.
   */
  afterBatch?(transaction: Transaction, entries: readonly StoredEntry[]): void;
  /** Keys that `afterBatch` reads or writes; a function where they depend on the entries of the batch. */
  readonly batchKeys?: readonly string[] | ((entries: readonly StoredEntry[]) => readonly string[]);
}

export const STORE_ERROR_CODES = [
  'store_closed',
  'store_full',
  'store_read_only',
  'store_corrupt',
  'store_io',
  'store_busy',
  'store_overloaded',
  'store_timeout',
  'store_owner_lost',
  'store_procedure_failed',
  'store_schema_newer',
] as const;
export type StoreErrorCode = (typeof STORE_ERROR_CODES)[number];

export interface StoreOptions {
  /** Data directory; created with mode 0700. Not touched where the state is in PostgreSQL. */
  readonly directory: string;
  /** `postgres://USER:PASSWORD@HOST:PORT/DATABASE`: the state is there, shared by all nodes of a cluster. */
  readonly postgres?: string;
  /** Modules whose default export is a `Procedure` (file: URLs), loaded in the worker. */
  readonly procedures: readonly URL[];
  /** Calls waiting at most, before `store_overloaded`. Default 10,000. */
  readonly queueMax?: number;
  /** Longest wait of one call, ms. Default 5,000. */
  readonly timeoutMs?: number;
  /** Largest size of the database file, bytes; beyond it `store_full`. Default 1 TiB. */
  readonly sizeBytesMax?: number;
}

/** What one call may ask beside its request. */
export interface CallOptions {
  /**
   * Running the call twice has the effect of running it once (it carries its own idempotency key): when the owner
   * dies with the call in flight, the store sends it again to the next owner and does not reject `store_owner_lost`.
   */
  readonly idempotent?: boolean;
  /** Longest wait of this call, ms. Default: the store's. */
  readonly timeoutMs?: number;
}

/** Counts since the owner opened the files. `calls / batches` is the mean size of a group commit. */
export interface StoreStatistics {
  /** Transactions committed. */
  readonly batches: number;
  /** Calls acknowledged as durable. */
  readonly calls: number;
  /** Calls aborted by their procedure or by a fault. */
  readonly failed: number;
}

/** What the owner found and did when it opened the files. */
export interface StoreRecovery {
  /** The last owner did not close: it was killed, or the power went. */
  readonly unclean: boolean;
  /** Frames of the write-ahead log that were committed and are kept. */
  readonly framesRecovered: number;
  /** Frames that no commit covers, or that an earlier turn of the log left: not part of the database. */
  readonly framesIgnored: number;
  /** Whether the structure of the files was checked; only after an unclean end, and up to 4 GiB. */
  readonly check: 'ok' | 'skipped';
  /** Entries in the log at opening. */
  readonly logSize: number;
}

/**
 * A handle on a data directory: its owner, or a client of the owner through the socket beside the files. A client
 * becomes the owner when that one ends. On PostgreSQL the owner is the node that gave the latest entries their places.
 * An idle handle does not keep the process alive.
 */
export interface Store {
  readonly role: 'owner' | 'client';
  /** What the owner found at opening; undefined in a client. */
  readonly recovery: StoreRecovery | undefined;
  /**
   * Resolves after the call's transaction is durable; rejects with `StoreError` when it is not known to be. After
   * `store_timeout`, `store_owner_lost` and `store_io` it may be durable or not: whoever waits for it denies, and
   * asks again only with a request that carries an idempotency key.
   */
  call<Request, Result>(procedure: string, request: Request, options?: CallOptions): Promise<Result>;
  /** Calls and readings of this handle that have no answer yet: its queue. */
  waiting(): number;
  /** Counts of the owner, also through a client. */
  statistics(): Promise<StoreStatistics>;
  /** Reads entries `from` (inclusive) to `to` (exclusive), committed ones only. */
  entries(from: number, to: number): Promise<readonly StoredEntry[]>;
  logSize(): Promise<number>;
  /** Committed value of a cell; a snapshot, for display and replay, never for deciding. */
  read(key: string): Promise<string | undefined>;
  /**
   * Committed cells whose key starts with `prefix`, in key order (by code point): the first `limit` of them, default
   * 1,000, at most 100,000; with `after` only those behind this key. Whoever needs all of them takes `scanPages`.
   */
  scan(
    prefix: string,
    limit?: number,
    after?: string,
  ): Promise<readonly (readonly [key: string, value: string])[]>;
  /** Takes no more calls, answers those that wait, and leaves the files whole. */
  close(): Promise<void>;
}
