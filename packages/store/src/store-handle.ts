import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, BackendEvents } from './backend.ts';
import { type CallText, callText, joinCalls } from './call-text.ts';
import type { CallOptions, Store, StoredEntry, StoreRecovery, StoreStatistics } from './contract.ts';
import { type PendingCall, PendingCalls } from './pending-calls.ts';
import { entryOf, type Readings } from './readings.ts';
import { StoreError, storeErrorCode, storeErrorFrom } from './store-error.ts';
import { monotonicMs, type WireReply } from './wire.ts';

export interface HandleSettings {
  /** Becomes the owner or connects to it; undefined when neither succeeded now. */
  reach(events: BackendEvents): Promise<Backend | undefined>;
  readonly queueMax: number;
  readonly timeoutMs: number;
}

const RECONNECT_MIN_MS = 5;
const RECONNECT_MAX_MS = 250;

/** Answers told in one turn of the event loop. */
const REPLIES_PER_TURN = 16;

/** Replies that say that the call was not run here; the next owner will run it. */
const NOT_RUN: ReadonlySet<string> = new Set(['store_closed', 'store_owner_lost']);

/** What `openStore` gives: keeps the calls, and moves from one backend to the next when an owner ends. */
export class StoreHandle implements Store {
  readonly #settings: HandleSettings;
  readonly #pending = new PendingCalls();
  #outbox: PendingCall[] = [];
  #backend: Backend | undefined;
  #recovery: StoreRecovery | undefined;
  /** Answers that came and were not told yet. */
  readonly #replies: WireReply[] = [];
  #flushing = false;
  /** The owner said that it closes: what comes now waits for the next one. */
  #held = false;
  #lastId = 0;
  #closed: Promise<void> | undefined;
  #reconnecting: Promise<void> = Promise.resolve();

  constructor(settings: HandleSettings) {
    this.#settings = settings;
  }

  get role(): 'owner' | 'client' {
    return this.#backend?.role ?? 'client';
  }

  get recovery(): StoreRecovery | undefined {
    return this.#recovery;
  }

  async call<Request, Result>(
    procedure: string,
    request: Request,
    options: CallOptions = {},
  ): Promise<Result> {
    if (procedure.startsWith('$')) {
      throw new StoreError('store_procedure_failed', `no procedure is named \`${procedure}\``);
    }
    return (await this.#ask(procedure, request, options)) as Result;
  }

  async entries(from: number, to: number): Promise<readonly StoredEntry[]> {
    const entries: StoredEntry[] = [];
    for (let next = from; next < to; ) {
      const rows = await this.#read('$entries', { from: next, to });
      for (const row of rows) entries.push(entryOf(row));
      const last = rows.at(-1);
      if (last === undefined) break;
      next = last[0] + 1;
    }
    return entries;
  }

  async logSize(): Promise<number> {
    return this.#read('$log_size', null);
  }

  async read(key: string): Promise<string | undefined> {
    return this.#read('$read', { key });
  }

  async scan(
    prefix: string,
    limit?: number,
    after?: string,
  ): Promise<readonly (readonly [key: string, value: string])[]> {
    return this.#read('$scan', {
      prefix,
      ...(limit === undefined ? {} : { limit }),
      ...(after === undefined ? {} : { after }),
    });
  }

  waiting(): number {
    return this.#pending.size;
  }

  async statistics(): Promise<StoreStatistics> {
    return this.#read('$statistics', null);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** One attempt to reach the files; true when there is a way now. Throws what no other attempt would mend. */
  async connect(): Promise<boolean> {
    let lost = false;
    let backend: Backend | undefined;
    backend = await this.#settings.reach({
      replies: (text) => this.#onReplies(text),
      closing: () => {
        this.#held = true;
      },
      lost: (error) => {
        lost = true;
        if (backend !== undefined) this.#onLost(error);
      },
    });
    if (backend === undefined || lost) return false;
    if (!this.#wanted()) {
      await backend.close();
      return true;
    }
    this.#backend = backend;
    this.#recovery = backend.recovery;
    this.#scheduleFlush();
    return true;
  }

  /** For a handle that never came to a backend. */
  abandon(): void {
    this.#closed = Promise.resolve();
    this.#pending.stop();
  }

  async #read<Name extends keyof Readings>(
    name: Name,
    request: Readings[Name]['request'],
  ): Promise<Readings[Name]['result']> {
    return (await this.#ask(name, request, { idempotent: true })) as Readings[Name]['result'];
  }

  #ask(procedure: string, request: unknown, options: CallOptions): Promise<unknown> {
    if (this.#closed !== undefined)
      return Promise.reject(new StoreError('store_closed', 'the store is closed'));
    if (this.#pending.size >= this.#settings.queueMax) {
      return Promise.reject(new StoreError('store_overloaded', `${this.#pending.size} calls wait already`));
    }
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      const id = this.#lastId;
      const deadlineMs = monotonicMs() + (options.timeoutMs ?? this.#settings.timeoutMs);
      const call = {
        id,
        text: callText(id, procedure, deadlineMs, request),
        deadlineMs,
        idempotent: options.idempotent === true,
        sent: false,
        resolve,
        reject,
      };
      this.#pending.add(call);
      this.#outbox.push(call);
      this.#scheduleFlush();
    });
  }

  /** At the end of this turn, so that all calls that one batch of answers set off leave together. */
  #scheduleFlush(): void {
    if (this.#flushing || this.#outbox.length === 0) return;
    this.#flushing = true;
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#backend === undefined || this.#held) return;
    const texts: CallText[] = [];
    for (const call of this.#outbox) {
      if (this.#pending.get(call.id) !== call) continue;
      call.sent = true;
      texts.push(call.text);
    }
    this.#outbox = [];
    if (texts.length > 0) this.#backend.send(joinCalls(texts), texts.length);
  }

  #onReplies(text: string): void {
    const replies: readonly WireReply[] = JSON.parse(text);
    const idle = this.#replies.length === 0;
    this.#replies.push(...replies);
    if (idle) this.#deliver();
  }

  /**
   * A few answers a turn: what they set off is under way to the worker while the next ones are told, so that the
   * callers' thread and the worker's do not wait for each other by turns.
   */
  #deliver(): void {
    for (const reply of this.#replies.splice(0, REPLIES_PER_TURN)) this.#settle(reply);
    if (this.#replies.length > 0) setImmediate(() => this.#deliver());
  }

  #settle(reply: WireReply): void {
    const call = this.#pending.get(reply[0]);
    if (call === undefined) return;
    if (reply[1] === 1) this.#pending.resolve(call, reply[2]);
    else if (NOT_RUN.has(reply[2])) {
      this.#held = true;
      this.#again(call);
    } else this.#pending.reject(call, new StoreError(storeErrorCode(reply[2]), reply[3]));
  }

  #again(call: PendingCall): void {
    call.sent = false;
    this.#outbox.push(call);
  }

  #onLost(error: StoreError): void {
    for (const reply of this.#replies.splice(0)) this.#settle(reply);
    this.#backend = undefined;
    this.#held = false;
    this.#recovery = undefined;
    for (const call of [...this.#pending.values()]) {
      if (!call.sent) continue;
      if (call.idempotent) this.#again(call);
      else this.#pending.reject(call, error);
    }
    this.#reconnecting = this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    for (let waitMs = RECONNECT_MIN_MS; this.#wanted(); waitMs = Math.min(2 * waitMs, RECONNECT_MAX_MS)) {
      try {
        if (await this.connect()) return;
      } catch (cause) {
        // Neither owner nor client: who waits is told why at once, and later calls try again.
        const error = storeErrorFrom(cause);
        for (const call of [...this.#pending.values()]) this.#pending.reject(call, error);
      }
      await sleep(waitMs * (0.5 + Math.random()), undefined, { ref: false });
    }
  }

  /** After `close`, a way is still wanted while calls wait. */
  #wanted(): boolean {
    return this.#closed === undefined || this.#pending.size > 0;
  }

  async #close(): Promise<void> {
    await this.#pending.empty();
    this.#pending.stop();
    await this.#reconnecting;
    const backend = this.#backend;
    this.#backend = undefined;
    await backend?.close();
  }
}
