import type { KillableThread, ThreadEnd } from '@writ/rego/node';

/** How a thread is started, and what makes it ready for questions. */
export interface RestartingThreadOptions<Request, Reply> {
  readonly start: () => KillableThread<Request, Reply>;
  /** Sent to every new thread before anything else. */
  readonly load: Request;
  /** Longest time that loading may take, ms. */
  readonly loadMsMax: number;
}

/**
 * A thread for evaluations that cannot be interrupted: one at a time, each with a deadline after which the thread is
 * killed. Another one takes its place at once, so that what waits behind a runaway is still answered.
 */
export class RestartingThread<Request, Reply> {
  readonly #options: RestartingThreadOptions<Request, Reply>;
  #thread: KillableThread<Request, Reply>;
  #loading: Promise<Reply | ThreadEnd>;
  /** Ends when everything that was asked so far has an answer. */
  #tail: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: RestartingThreadOptions<Request, Reply>) {
    this.#options = options;
    this.#thread = options.start();
    this.#loading = this.#thread.ask(options.load, options.loadMsMax);
  }

  /** What the thread said to being loaded. */
  loaded(): Promise<Reply | ThreadEnd> {
    return this.#loading;
  }

  /** Asks; what has waited for longer than `deadlineMs` is not begun. Never rejects. */
  ask(request: Request, deadlineMs: number): Promise<Reply | ThreadEnd> {
    const end = performance.now() + deadlineMs;
    const turn = this.#tail.then(() => this.#run(request, end));
    this.#tail = turn;
    return turn;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#thread.close();
  }

  async #run(request: Request, end: number): Promise<Reply | ThreadEnd> {
    if (this.#isClosed) return { kind: 'failed', message: 'the policies were closed' };
    if (!this.#thread.isAlive) this.#replace();
    // A thread answers one request at a time, and loading is one: also for what waited already when it was replaced.
    await this.#loading;
    const remainingMs = end - performance.now();
    if (remainingMs <= 0) return { kind: 'killed' };
    const reply = await this.#thread.ask(request, remainingMs);
    if (!this.#thread.isAlive && !this.#isClosed) this.#replace();
    return reply;
  }

  #replace(): void {
    this.#thread = this.#options.start();
    this.#loading = this.#thread.ask(this.#options.load, this.#options.loadMsMax);
  }
}
