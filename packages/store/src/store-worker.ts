import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { type Procedures, procedureTable, runBatch } from './batch.ts';
import { callsIn } from './call-text.ts';
import { type Database, openDatabase } from './database.ts';
import { BATCH_CALLS_MAX } from './limits.ts';
import { loadProcedures } from './load-procedures.ts';
import { runReading } from './readings.ts';
import { replyText } from './replies.ts';
import { StoreError, storeErrorFrom } from './store-error.ts';
import {
  type CallsMessage,
  type FromWorker,
  monotonicMs,
  type RepliesMessage,
  type ToWorker,
  type WireCall,
  type WorkerSettings,
} from './wire.ts';

/**
 * The owner's worker thread. Every message that has arrived while a transaction was committing is taken together
 * into the next one: that is the group commit.
 */

const port = parentPort;
if (port === null) throw new Error('the store worker runs as a worker thread');
const settings: WorkerSettings = workerData;
const counts = { batches: 0, calls: 0, failed: 0 };

interface Work {
  readonly message: CallsMessage;
  readonly calls: readonly WireCall[] | undefined;
  readonly replies: string[];
}

function send(message: FromWorker): void {
  port?.postMessage(message);
}

/** Takes what waits in the port up to one batch; true when the end was among it. */
function drain(first: ToWorker, work: Work[]): boolean {
  let count = 0;
  let next: { message: ToWorker } | undefined = { message: first };
  while (next !== undefined) {
    if (next.message.kind === 'close') return true;
    count += next.message.count;
    work.push({ message: next.message, calls: callsIn(next.message.text), replies: [] });
    next = count < BATCH_CALLS_MAX && port !== null ? receiveMessageOnPort(port) : undefined;
  }
  return false;
}

/** False when another process has taken the files over: nothing more may be done here. */
function serve(database: Database, procedures: Procedures, work: readonly Work[]): boolean {
  let owned = true;
  const askers: Work[] = [];
  const calls: WireCall[] = [];
  const readings: (readonly [Work, WireCall])[] = [];
  for (const each of work) {
    for (const call of each.calls ?? []) {
      if (call[1].startsWith('$')) readings.push([each, call]);
      else {
        askers.push(each);
        calls.push(call);
      }
    }
  }
  for (let start = 0; start < calls.length; start += BATCH_CALLS_MAX) {
    const slice = calls.slice(start, start + BATCH_CALLS_MAX);
    const { outcomes, transactions } = runBatch(database, procedures, slice, CLOCK);
    counts.batches += transactions;
    for (const [offset, outcome] of outcomes.entries()) {
      if (!outcome.ok && outcome.error.code === 'store_owner_lost') owned = false;
      counts[outcome.ok ? 'calls' : 'failed'] += 1;
      const id = slice[offset]?.[0] ?? -1;
      askers[start + offset]?.replies.push(replyText(id, outcome));
    }
  }
  // Readings come after the commit: they see what is durable, the calls sent before them included.
  for (const [each, [id, name, , request]] of readings) {
    each.replies.push(replyText(id, runReading(database, name, request, counts)));
  }
  return owned;
}

const CLOCK = { wallMs: Date.now, monotonicMs };

function repliesOf(work: readonly Work[]): readonly RepliesMessage[] {
  return work.map(({ message, calls, replies }) => ({
    source: message.source,
    text: calls === undefined ? undefined : `[${replies.join(',')}]`,
    count: message.count,
  }));
}

function end(database: Database): void {
  try {
    database.close();
    send({ kind: 'closed' });
  } catch (cause) {
    const { code, message } = storeErrorFrom(cause);
    send({ kind: 'failed', code, message });
  }
  port?.close();
}

/** Ends without touching the files, which are another's now. */
function leave(): void {
  send({
    kind: 'failed',
    code: 'store_owner_lost',
    message: 'another process has become the owner of the directory',
  });
  port?.close();
}

async function start(): Promise<void> {
  try {
    // Procedures first: a module that does not load must not leave files that look unclean.
    const procedures = procedureTable(await loadProcedures(settings.procedures));
    const database = openDatabase(settings.directory, settings.sizeBytesMax);
    port?.on('message', (first: ToWorker) => {
      const work: Work[] = [];
      const closing = drain(first, work);
      const owned = work.length === 0 || serve(database, procedures, work);
      if (work.length > 0) send({ kind: 'replies', replies: repliesOf(work) });
      if (!owned) leave();
      else if (closing) end(database);
    });
    send({ kind: 'ready', recovery: database.recovery });
  } catch (cause) {
    const { code, message } =
      cause instanceof StoreError || isSystem(cause) ? storeErrorFrom(cause) : loadFailure(cause);
    send({ kind: 'failed', code, message });
    port?.close();
  }
}

function isSystem(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && ('errcode' in cause || 'errno' in cause);
}

function loadFailure(cause: unknown): StoreError {
  return new StoreError('store_procedure_failed', cause instanceof Error ? cause.message : String(cause), {
    cause,
  });
}

await start();
