import type { ServerResponse } from 'node:http';

/** Counts the requests that are being served, and waits for them. */
export interface InFlight {
  readonly count: number;
  /** Counts one until its response ended, however it ends. */
  track(response: ServerResponse): void;
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
    track(response) {
      count += 1;
      response.once('close', () => {
        count -= 1;
        if (count === 0) for (const done of waiting) done();
      });
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
