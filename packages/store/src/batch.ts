import type { Procedure, StoredEntry } from './contract.ts';
import type { Database } from './database.ts';
import { StoreError, storeErrorFrom } from './store-error.ts';
import { BatchState, type Places } from './transaction.ts';
import type { WireCall } from './wire.ts';

/** The procedures of a worker by name, and their closing hooks, each function once. */
export interface Procedures {
  readonly byName: ReadonlyMap<string, Procedure<unknown, unknown>>;
  readonly hooks: readonly Procedure<unknown, unknown>[];
}

/** What became of one call: its result as JSON text (absent for undefined), or why it was undone. */
export type Outcome =
  | { readonly ok: true; readonly result?: string }
  | { readonly ok: false; readonly error: StoreError };

/** What a batch needs of a database: committed cells, and a place for what it writes. */
export type BatchDatabase = Pick<
  Database,
  'begin' | 'cell' | 'put' | 'remove' | 'append' | 'replaceDetail' | 'setClock' | 'commit' | 'rollback'
>;

/** Outcomes in the order of the calls, and how many transactions were committed for them. */
export interface BatchOutcome {
  readonly outcomes: readonly Outcome[];
  readonly transactions: number;
}

/** `monotonicMs` is the clock of the calls' deadlines: a call whose caller has given up is not run. */
export interface BatchClock {
  wallMs(): number;
  monotonicMs(): number;
}

const TOO_LATE: Outcome = {
  ok: false,
  error: new StoreError('store_timeout', 'the call waited too long and was not run'),
};

/** Keeps each closing hook once: procedures of one commit share the function that closes the tree. */
export function procedureTable(procedures: readonly Procedure<unknown, unknown>[]): Procedures {
  const byName = new Map(procedures.map((procedure) => [procedure.name, procedure]));
  const hooks = new Map(procedures.filter((each) => each.afterBatch).map((each) => [each.afterBatch, each]));
  return { byName, hooks: [...hooks.values()] };
}

/**
 * Runs calls in order in one transaction and commits it. A call that throws is undone alone. A closing hook that
 * throws fails the batch: then each call runs again in a transaction of its own, so that only the culprit is refused.
 * A fault of the files refuses every call of the batch with its code; nothing of it is kept.
 */
export function runBatch(
  database: BatchDatabase,
  procedures: Procedures,
  calls: readonly WireCall[],
  clock: BatchClock,
  places: Places = 'now',
): BatchOutcome {
  try {
    return { outcomes: transact(database, procedures, calls, clock, places), transactions: 1 };
  } catch (cause) {
    database.rollback();
    const error = storeErrorFrom(cause);
    if (error.code !== 'store_procedure_failed' || calls.length < 2) {
      return { outcomes: calls.map(() => ({ ok: false, error })), transactions: 0 };
    }
  }
  const alone = calls.map((call) => runBatch(database, procedures, [call], clock, places));
  return {
    outcomes: alone.flatMap((each) => each.outcomes),
    transactions: alone.reduce((sum, each) => sum + each.transactions, 0),
  };
}

function transact(
  database: BatchDatabase,
  procedures: Procedures,
  calls: readonly WireCall[],
  clock: BatchClock,
  places: Places,
): readonly Outcome[] {
  const wallMs = clock.wallMs();
  const { logSize, clockMs } = database.begin();
  const state = new BatchState(
    (key) => database.cell(key),
    logSize,
    Math.max(clockMs, wallMs),
    clockMs - wallMs,
    places,
  );
  const outcomes = calls.map(([, name, deadlineMs, request]) =>
    deadlineMs < clock.monotonicMs() ? TOO_LATE : runCall(state, procedures.byName.get(name), name, request),
  );
  if (!outcomes.some((outcome) => outcome.ok)) {
    database.rollback();
    return outcomes;
  }
  for (const hook of procedures.hooks) closeBatch(state, hook, state.entries);
  for (const [key, value] of state.changes()) {
    if (value === undefined) database.remove(key);
    else database.put(key, value);
  }
  for (const entry of state.entries) database.append(entry);
  for (const [index, detail] of state.details) database.replaceDetail(index, detail);
  if (state.nowMs > clockMs) database.setClock(state.nowMs);
  database.commit();
  return outcomes;
}

function runCall(
  state: BatchState,
  procedure: Procedure<unknown, unknown> | undefined,
  name: string,
  request: unknown,
): Outcome {
  if (procedure === undefined) return refused(`no procedure is named \`${name}\``);
  try {
    const transaction = state.begin(procedure.keys(request));
    const result: string | undefined = JSON.stringify(procedure.run(transaction, request));
    state.keep();
    return result === undefined ? { ok: true } : { ok: true, result };
  } catch (cause) {
    state.drop();
    // A fault of the files while a cell is read is no fault of this procedure: the whole batch ends.
    if (isFault(cause)) throw cause;
    return refused(messageOf(cause), cause);
  }
}

/** Runs one closing hook over the entries of a batch. */
export function closeBatch(
  state: BatchState,
  hook: Procedure<unknown, unknown>,
  entries: readonly StoredEntry[],
): void {
  try {
    const keys = typeof hook.batchKeys === 'function' ? hook.batchKeys(entries) : (hook.batchKeys ?? []);
    hook.afterBatch?.(state.begin(keys, true), entries);
    state.keep();
  } catch (cause) {
    if (isFault(cause)) throw cause;
    throw new StoreError('store_procedure_failed', messageOf(cause), { cause });
  }
}

function isFault(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'errcode' in cause;
}

function refused(message: string, cause?: unknown): Outcome {
  return { ok: false, error: new StoreError('store_procedure_failed', message, { cause }) };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
