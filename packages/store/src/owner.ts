import { Worker } from 'node:worker_threads';
import type { Backend, BackendEvents } from './backend.ts';
import type { StoreRecovery } from './contract.ts';
import type { OwnerLock } from './owner-lock.ts';
import { listenForClients, type OwnerSocket } from './owner-socket.ts';
import { StoreError, storeErrorCode } from './store-error.ts';
import type { FromWorker, RepliesMessage, ToWorker, WorkerSettings } from './wire.ts';

/** How long a worker may take to close before it is ended. */
const CLOSE_MAX_MS = 10_000;
/** Memory for what a few batches make and forget. */
const YOUNG_MEBIBYTES = 96;

/**
 * Opens the files under `lock` in a worker thread and listens for the other processes of the machine. Releases the
 * lock when it fails, when the worker is lost, and at close.
 */
export async function openOwner(
  lock: OwnerLock,
  settings: WorkerSettings,
  queueMax: number,
  events: BackendEvents,
): Promise<Backend> {
  const owner = new Owner(lock, settings, events);
  try {
    await owner.start(queueMax);
    return owner;
  } catch (cause) {
    await owner.abandon();
    throw cause;
  }
}

class Owner implements Backend {
  readonly role = 'owner';
  recovery: StoreRecovery | undefined;
  readonly #lock: OwnerLock;
  readonly #worker: Worker;
  readonly #events: BackendEvents;
  readonly #directory: string;
  readonly #ended: Promise<StoreError>;
  #socket: OwnerSocket | undefined;
  #failure: StoreError | undefined;
  #closing = false;

  constructor(lock: OwnerLock, settings: WorkerSettings, events: BackendEvents) {
    this.#lock = lock;
    this.#events = events;
    this.#directory = settings.directory;
    this.#worker = new Worker(workerUrl(), {
      workerData: settings,
      name: 'writ-store',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEBIBYTES },
    });
    this.#ended = new Promise((resolve) => {
      this.#worker.once('error', (cause) => {
        this.#failure ??= new StoreError('store_io', `the store's thread failed: ${String(cause)}`, {
          cause,
        });
      });
      this.#worker.once('exit', () => {
        resolve(this.#failure ?? new StoreError('store_io', "the store's thread ended"));
      });
    });
  }

  async start(queueMax: number): Promise<void> {
    this.recovery = await new Promise<StoreRecovery>((resolve, reject) => {
      this.#worker.on('message', (message: FromWorker) => {
        if (message.kind === 'ready') resolve(message.recovery);
        else if (message.kind === 'replies') this.#deliver(message.replies);
        else if (message.kind === 'failed')
          this.#failure = new StoreError(storeErrorCode(message.code), message.message);
      });
      void this.#ended.then(reject);
    });
    this.#socket = await listenForClients(this.#directory, queueMax, (calls) => this.#post(calls));
    void this.#ended.then((error) => this.#onEnd(error));
    // A process whose work is done may end without closing the store: the next owner repairs what is left.
    this.#worker.unref();
  }

  send(text: string, count: number): void {
    this.#post({ kind: 'calls', source: 0, text, count });
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#worker.ref();
    await this.#socket?.drain(CLOSE_MAX_MS);
    this.#post({ kind: 'close' });
    const timer = setTimeout(() => void this.#worker.terminate(), CLOSE_MAX_MS);
    const end = await this.#ended;
    clearTimeout(timer);
    this.#letGo();
    if (this.#failure !== undefined) throw end;
  }

  /** Ends without care for what is in flight. */
  async abandon(): Promise<void> {
    this.#closing = true;
    await this.#worker.terminate();
    this.#letGo();
  }

  #letGo(): void {
    this.#socket?.close();
    this.#lock.release();
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #deliver(replies: readonly RepliesMessage[]): void {
    for (const reply of replies) {
      if (reply.source === 0) this.#events.replies(reply.text ?? '[]');
      else this.#socket?.deliver(reply);
    }
  }

  #onEnd(error: StoreError): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#letGo();
    this.#events.lost(error);
  }
}

/** The worker's module stands beside this one, as TypeScript here and as JavaScript where it was built. */
function workerUrl(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./store-worker.${extension}`, import.meta.url);
}
