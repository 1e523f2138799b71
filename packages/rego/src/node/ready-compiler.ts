import { Worker } from 'node:worker_threads';
import type { CompilerReply, CompilerRequest } from './compiler-messages.ts';

/**
 * Most of what compiling makes lives until its end: a large nursery would only be copied and take memory, measured by
 * `npm run bench -- bundle`.
 */
const YOUNG_MEBIBYTES = 16;
const HEAP_MEBIBYTES_MAX = 4_096;

/** A thread that compiles one policy and ends: what compiling took is given back with it. */
export class CompilerThread {
  readonly #worker: Worker;
  readonly #reply: Promise<CompilerReply>;
  #failure = 'the compiler ended without an answer';
  #isAlive = true;

  constructor() {
    this.#worker = new Worker(new URL('./compiler-thread.ts', import.meta.url), {
      name: 'writ-compiler',
      resourceLimits: {
        maxYoungGenerationSizeMb: YOUNG_MEBIBYTES,
        maxOldGenerationSizeMb: HEAP_MEBIBYTES_MAX,
      },
    });
    this.#worker.on('error', (error: NodeJS.ErrnoException) => {
      this.#failure =
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? `compiling takes more than ${HEAP_MEBIBYTES_MAX} MiB of memory`
          : `the compiler failed (${error.message})`;
    });
    this.#reply = new Promise((resolve) => {
      this.#worker.on('message', resolve);
      this.#worker.on('exit', () => {
        this.#isAlive = false;
        resolve({ diagnostics: [], failure: this.#failure });
      });
    });
    // While it only waits it does not keep the process alive.
    this.#worker.unref();
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Once only. */
  compile(request: CompilerRequest): Promise<CompilerReply> {
    this.#worker.ref();
    this.#worker.postMessage(request);
    return this.#reply;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Keeps a thread started for the next large policy: starting one takes as long as compiling hundreds of rules. */
export class ReadyCompiler {
  #next: CompilerThread | undefined;

  /** Starts a thread, if none is ready; it waits, some tens of MiB large, until it is taken. */
  prepare(): void {
    if (this.#next?.isAlive !== true) this.#next = new CompilerThread();
  }

  /** The thread that is ready, for one policy; undefined where none is. */
  take(): CompilerThread | undefined {
    const next = this.#next;
    this.#next = undefined;
    return next?.isAlive === true ? next : undefined;
  }

  /** Ends the thread that waits. */
  async close(): Promise<void> {
    await this.take()?.stop();
  }
}
