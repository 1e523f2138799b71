import { Worker } from 'node:worker_threads';

/** Why a thread gave no answer. */
export type ThreadEnd =
  | { readonly kind: 'killed' }
  | { readonly kind: 'out-of-memory' }
  | { readonly kind: 'failed'; readonly message: string };

/** What a thread may use before it ends by itself. */
export interface ThreadLimits {
  readonly heapMebibytesMax: number;
  readonly stackMebibytesMax: number;
}

const YOUNG_MEBIBYTES = 16;

function endOf(cause: Error): ThreadEnd {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return { kind: 'out-of-memory' };
  return { kind: 'failed', message: cause.message };
}

/** A thread that answers one request at a time and is killed where it takes too long. */
export class KillableThread<Request, Reply> {
  readonly #worker: Worker;
  #settle: ((outcome: Reply | ThreadEnd) => void) | undefined;
  #end: ThreadEnd | undefined;

  /** @param module what the thread runs: it posts one reply for each message */
  constructor(module: URL, limits: ThreadLimits) {
    this.#worker = new Worker(module, {
      name: 'writ-policy',
      // A policy learns nothing of the process, whatever it should find a way to.
      env: {},
      argv: [],
      stdin: false,
      resourceLimits: {
        maxOldGenerationSizeMb: limits.heapMebibytesMax,
        maxYoungGenerationSizeMb: YOUNG_MEBIBYTES,
        stackSizeMb: limits.stackMebibytesMax,
      },
    });
    this.#worker.on('message', (reply: Reply) => this.#answer(reply));
    this.#worker.on('error', (cause: Error) => {
      this.#end ??= endOf(cause);
      this.#answer(this.#end);
    });
    this.#worker.on('exit', () => {
      this.#end ??= { kind: 'failed', message: 'the thread ended' };
      this.#answer(this.#end);
    });
    // What waits for an answer keeps the process alive, an idle thread does not.
    this.#worker.unref();
  }

  /** Whether it can be asked again. */
  get isAlive(): boolean {
    return this.#end === undefined;
  }

  /** Asks; after `timeMs` without an answer the thread is gone. */
  async ask(request: Request, timeMs: number): Promise<Reply | ThreadEnd> {
    if (this.#end !== undefined) return this.#end;
    this.#worker.ref();
    const outcome = await new Promise<Reply | ThreadEnd>((settle) => {
      const timer = setTimeout(() => this.#kill(), timeMs);
      this.#settle = (answer) => {
        clearTimeout(timer);
        this.#settle = undefined;
        settle(answer);
      };
      this.#worker.postMessage(request);
    });
    this.#worker.unref();
    return outcome;
  }

  async close(): Promise<void> {
    this.#end ??= { kind: 'failed', message: 'the thread was closed' };
    await this.#worker.terminate();
  }

  #kill(): void {
    this.#end ??= { kind: 'killed' };
    void this.#worker.terminate();
    this.#answer(this.#end);
  }

  #answer(outcome: Reply | ThreadEnd): void {
    this.#settle?.(outcome);
  }
}
