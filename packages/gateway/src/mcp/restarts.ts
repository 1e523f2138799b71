import type { UpstreamLimits } from './limits.ts';

/** A connection that held for this long was no failure. */
const HEALTHY_MS = 10_000;
/** One death is met by a restart at once: the next call may just work. */
const FREE_FAILURES = 2;

/** How long to wait before a server that keeps failing is started, or connected to, once more. */
export class Restarts {
  readonly #limits: Pick<UpstreamLimits, 'restartWaitMs' | 'restartWaitLongestMs'>;
  #failures = 0;
  #beganAtMs = 0;
  #endedAtMs = 0;

  constructor(limits: Pick<UpstreamLimits, 'restartWaitMs' | 'restartWaitLongestMs'>) {
    this.#limits = limits;
  }

  began(): void {
    this.#beganAtMs = performance.now();
  }

  ended(): void {
    this.#endedAtMs = performance.now();
    this.#failures = this.#endedAtMs - this.#beganAtMs > HEALTHY_MS ? 0 : this.#failures + 1;
  }

  waitMs(): number {
    if (this.#failures <= FREE_FAILURES) return 0;
    const { restartWaitMs, restartWaitLongestMs } = this.#limits;
    const waitMs = Math.min(restartWaitLongestMs, restartWaitMs * 2 ** (this.#failures - FREE_FAILURES - 1));
    return Math.max(0, Math.ceil(this.#endedAtMs + waitMs - performance.now()));
  }
}
