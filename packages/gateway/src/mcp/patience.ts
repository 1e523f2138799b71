/** One wait for an answer. */
export interface Wait {
  /** Aborted when there was no sign for too long. */
  readonly signal: AbortSignal;
  /** There was a sign: the time begins anew. */
  touch(): void;
  end(): void;
}

/**
 * How long one connection's answers are waited for. While the connection's client is being asked something, perhaps a
 * person, nothing runs out: the server waits too.
 */
export class Patience {
  readonly #waits = new Set<{ restart(): void; halt(): void }>();
  #asking = 0;

  begin(timeoutMs: number): Wait {
    const ended = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const halt = () => clearTimeout(timer);
    const restart = () => {
      halt();
      if (this.#asking === 0) timer = setTimeout(() => ended.abort(new Error('no answer')), timeoutMs);
    };
    const wait = { restart, halt };
    this.#waits.add(wait);
    restart();
    return {
      signal: ended.signal,
      touch: restart,
      end: () => {
        this.#waits.delete(wait);
        halt();
      },
    };
  }

  /** Stops the clocks for as long as `ask` takes. */
  async during<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    this.#asking += 1;
    for (const wait of this.#waits) wait.halt();
    try {
      return await ask();
    } finally {
      this.#asking -= 1;
      if (this.#asking === 0) for (const wait of this.#waits) wait.restart();
    }
  }
}
