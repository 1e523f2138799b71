import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, BackendEvents } from './backend.ts';
import type { Procedure, Store, StoreOptions } from './contract.ts';
import { QUEUE_DEFAULT, SIZE_BYTES_DEFAULT, TIMEOUT_DEFAULT_MS } from './limits.ts';
import { loadProcedures } from './load-procedures.ts';
import { openOwner } from './owner.ts';
import { connectToOwner } from './owner-client.ts';
import { tryOwn } from './owner-lock.ts';
import { openPostgres } from './postgres/postgres-backend.ts';
import { StoreError } from './store-error.ts';
import { StoreHandle } from './store-handle.ts';
import { monotonicMs } from './wire.ts';

const RETRY_MIN_MS = 5;
const RETRY_MAX_MS = 100;

/**
 * Opens the data directory as its owner, or as a client of the process that owns it. A client becomes the owner when
 * that process ends. Rejects with `StoreError`: `store_busy` when neither succeeds within `timeoutMs`,
 * `store_corrupt`, `store_schema_newer`, `store_read_only`, `store_full`, `store_io`, and `store_procedure_failed`
 * when a procedure's module does not load.
 *
 * With `postgres` the same cells and log are in a PostgreSQL database, which any number of nodes share.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_DEFAULT_MS;
  const queueMax = options.queueMax ?? QUEUE_DEFAULT;
  const settings = {
    directory: options.directory,
    procedures: options.procedures.map((url) => url.href),
    sizeBytesMax: options.sizeBytesMax ?? SIZE_BYTES_DEFAULT,
  };
  const { postgres } = options;
  const reach = async (events: BackendEvents): Promise<Backend | undefined> => {
    if (postgres !== undefined) return openPostgres(postgres, await loaded(settings.procedures), events);
    const lock = tryOwn(settings.directory);
    if (lock !== undefined) return openOwner(lock, settings, queueMax, events);
    return connectToOwner(settings.directory, events);
  };
  const handle = new StoreHandle({ reach, queueMax, timeoutMs });
  try {
    await openWithin(handle, monotonicMs() + timeoutMs);
    return handle;
  } catch (cause) {
    handle.abandon();
    throw cause;
  }
}

async function loaded(urls: readonly string[]): Promise<readonly Procedure<unknown, unknown>[]> {
  try {
    return await loadProcedures(urls);
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw new StoreError('store_procedure_failed', cause instanceof Error ? cause.message : String(cause), {
      cause,
    });
  }
}

/** Tries until the deadline: an owner that has just started does not listen yet, one that ends still holds the lock. */
async function openWithin(handle: StoreHandle, deadlineMs: number): Promise<void> {
  for (let waitMs = RETRY_MIN_MS; !(await handle.connect()); waitMs = Math.min(2 * waitMs, RETRY_MAX_MS)) {
    if (monotonicMs() > deadlineMs) {
      throw new StoreError(
        'store_busy',
        'another process owns the directory and does not answer on its socket',
      );
    }
    await sleep(waitMs * (0.5 + Math.random()));
  }
}
