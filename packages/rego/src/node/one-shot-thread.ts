import { Worker } from 'node:worker_threads';

/** How such a thread is started. */
export interface OneShotThreadOptions {
  /** Of its code, which waits for one message and answers with one. */
  readonly url: URL;
  readonly name: string;
  /** MiB of its heap; beyond them the thread ends, and not the process. */
  readonly heapMebibytesMax: number;
  /** MiB of its nursery; Node's choice, where nothing is said. */
  readonly youngMebibytes?: number;
}

/** Why a thread gave no answer. */
export interface NoAnswer {
  readonly reason: 'out-of-memory' | 'failed';
  readonly message: string;
}

/** A thread that answers one request and ends: what its work took is given back with it. */
export class OneShotThread<Request, Reply> {
  readonly #worker: Worker;
  readonly #reply: Promise<{ readonly reply: Reply } | { readonly failure: NoAnswer }>;
  #isAlive = true;

  constructor({ url, name, heapMebibytesMax, youngMebibytes }: OneShotThreadOptions) {
    this.#worker = new Worker(new URL('./one-shot-entry.ts', import.meta.url), {
      name,
      workerData: { code: url.href },
      resourceLimits: {
        maxOldGenerationSizeMb: heapMebibytesMax,
        ...(youngMebibytes === undefined ? {} : { maxYoungGenerationSizeMb: youngMebibytes }),
      },
    });
    let failure: NoAnswer = { reason: 'failed', message: 'the thread ended without an answer' };
    this.#worker.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      failure = { reason: code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'out-of-memory' : 'failed', message };
    });
    this.#reply = new Promise((resolve) => {
      this.#worker.on('message', (reply: Reply) => resolve({ reply }));
      this.#worker.on('exit', () => {
        this.#isAlive = false;
        resolve({ failure });
      });
    });
    // While it only waits it does not keep the process alive.
    this.#worker.unref();
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Once only. Never rejects. */
  ask(request: Request): Promise<{ readonly reply: Reply } | { readonly failure: NoAnswer }> {
    this.#worker.ref();
    this.#worker.postMessage(request);
    return this.#reply;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Can keep the next thread started: its code takes longer to load than most requests take. */
export class ReadyThreads<Request, Reply> {
  readonly #options: OneShotThreadOptions;
  #next: OneShotThread<Request, Reply> | undefined;
  #preparing: NodeJS.Timeout | undefined;

  constructor(options: OneShotThreadOptions) {
    this.#options = options;
  }

  /** As {@link prepare}, after a time: what stirs up the process now has passed then. A second call puts it off. */
  prepareIn(millis: number): void {
    clearTimeout(this.#preparing);
    this.#preparing = setTimeout(() => this.prepare(), millis).unref();
  }

  /** Starts a thread, if none is ready; it waits, some tens of MiB large, until it is taken. */
  prepare(): void {
    if (this.#next?.isAlive !== true) this.#next = new OneShotThread(this.#options);
  }

  /** The thread that is ready, else a new one. */
  take(): OneShotThread<Request, Reply> {
    const next = this.#next;
    this.#next = undefined;
    return next?.isAlive === true ? next : new OneShotThread(this.#options);
  }

  /** Ends the thread that waits, and starts none later. */
  async close(): Promise<void> {
    clearTimeout(this.#preparing);
    const next = this.#next;
    this.#next = undefined;
    await next?.stop();
  }
}
