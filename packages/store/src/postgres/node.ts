import { setTimeout as sleep } from 'node:timers/promises';
import { type BatchOutcome, type Procedures, procedureTable, runBatch } from '../batch.ts';
import type { Procedure } from '../contract.ts';
import { KEY_LENGTH_MAX } from '../limits.ts';
import { StoreError } from '../store-error.ts';
import { monotonicMs, type WireCall } from '../wire.ts';
import { BatchMemory, type BatchStart } from './batch-memory.ts';
import type { PostgresConnection, Statement } from './connection.ts';
import { mayGoAgain } from './postgres-error.ts';
import { cellsIn, detailsText, entriesText, keysText, pairsText } from './rows.ts';
import {
  APPEND_PENDING,
  BATCH_START,
  BEGIN,
  PUT_CELLS,
  READ_CELLS,
  REMOVE_CELLS,
  REPLACE_DETAILS,
} from './statements.ts';

/** Tries of one batch before its calls are refused with `store_busy`; each waits longer for the others than the last. */
const TRIES_MAX = 40;
const WAIT_MAX_MS = 64;

/**
 * The commits of one node over one connection: reads the cells of a whole batch, runs its procedures, writes what they
 * changed, commits. Every transaction is serializable, so that what was read holds at the commit or the batch starts
 * over; a cell that is not there is read like any other.
 */
export class PostgresNode {
  readonly #connection: PostgresConnection;
  readonly #procedures: Procedures;
  #latestMs = 0;

  constructor(connection: PostgresConnection, procedures: readonly Procedure<unknown, unknown>[]) {
    this.#connection = connection;
    // What closes a batch belongs to the place that entries get in the log: that is the leader's.
    this.#procedures = { byName: procedureTable(procedures).byName, hooks: [] };
  }

  /** Runs calls in order in one transaction; rejects where the connection or the database failed. */
  async run(calls: readonly WireCall[]): Promise<BatchOutcome> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#transact(calls);
      } catch (cause) {
        await this.#connection.run(['rollback']);
        if (!mayGoAgain(cause)) throw cause;
        if (tries === TRIES_MAX)
          throw new StoreError('store_busy', 'other nodes always went first', { cause });
        await sleep(Math.random() * Math.min(WAIT_MAX_MS, 2 ** Math.min(tries, 10)));
      }
    }
  }

  async #transact(calls: readonly WireCall[]): Promise<BatchOutcome> {
    const memory = new BatchMemory(await this.#read(keysOf(this.#procedures, calls)));
    const clock = { wallMs: () => memory.wallMs, monotonicMs };
    const outcome = runBatch(memory, this.#procedures, calls, clock, 'later');
    if (!memory.committed) {
      await this.#connection.run(['rollback']);
      return outcome;
    }
    this.#latestMs = memory.timeMs;
    await this.#write(memory);
    return outcome;
  }

  async #read(keys: readonly string[]): Promise<BatchStart> {
    const [, started, read] = await this.#connection.run(
      [BEGIN],
      [BATCH_START],
      [READ_CELLS, keysText(keys)],
    );
    const start = started?.rows[0];
    const nowMs = Number(start?.['now_ms']);
    return {
      logSize: Number(start?.['log_size']),
      clockMs: Math.max(nowMs, Number(start?.['clock_ms']), this.#latestMs),
      wallMs: nowMs,
      cells: cellsIn(read?.rows ?? []),
    };
  }

  async #write({ puts, removes, entries, details, timeMs }: BatchMemory): Promise<void> {
    const statements: Statement[] = [];
    if (puts.size > 0) statements.push([PUT_CELLS, pairsText(puts)]);
    if (removes.size > 0) statements.push([REMOVE_CELLS, keysText([...removes])]);
    if (entries.length > 0) statements.push([APPEND_PENDING, String(timeMs), entriesText(entries)]);
    if (details.size > 0) statements.push([REPLACE_DETAILS, detailsText(details)]);
    await commit(this.#connection, statements);
  }
}

/** Runs the last statements of a transaction and commits it, in one round trip. */
export async function commit(
  connection: PostgresConnection,
  statements: readonly Statement[],
): Promise<void> {
  const answers = await connection.run(...statements, ['commit']);
  // After a failed statement PostgreSQL answers `commit` with a rollback, and no error.
  if (answers.at(-1)?.command !== 'COMMIT') throw new StoreError('store_io', 'PostgreSQL did not commit');
}

/** The keys that the calls declare; a call whose keys cannot be told fails when it runs. */
function keysOf(procedures: Procedures, calls: readonly WireCall[]): readonly string[] {
  const keys = new Set<string>();
  for (const [, name, , request] of calls) {
    try {
      for (const key of procedures.byName.get(name)?.keys(request) ?? []) if (isKey(key)) keys.add(key);
    } catch {}
  }
  return [...keys];
}

/** A call that declares another key is refused when it runs. */
function isKey(key: unknown): key is string {
  return typeof key === 'string' && key.isWellFormed() && key.length <= KEY_LENGTH_MAX;
}
