/** Counts what is under way, and waits for it. */
export interface InFlight {
  readonly count: number;
  /** Counts one piece of work until it ended, however it ends. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves with how many are left: none, or what had not ended in time. */
  drained(waitMs: number): Promise<number>;
}

export function createInFlight(): InFlight {
  let count = 0;
  const waiting = new Set<() => void>();
  return {
    get count() {
      return count;
    },
    async run(work) {
      count += 1;
      try {
        return await work();
      } finally {
        count -= 1;
        if (count === 0) for (const done of [...waiting]) done();
      }
    },
    drained(waitMs) {
      if (count === 0) return Promise.resolve(0);
      return new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          waiting.delete(done);
          resolve(count);
        };
        const timer = setTimeout(done, waitMs);
        waiting.add(done);
      });
    },
  };
}
