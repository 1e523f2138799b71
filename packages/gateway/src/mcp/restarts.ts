/** A connection that held for this long was no failure. */
const HEALTHY_MS = 10_000;
const FIRST_WAIT_MS = 250;
const WAIT_MS_MAX = 30_000;
/** One death is met by a restart at once: the next call may just work. */
const FREE_FAILURES = 2;

/** How long to wait before a server that keeps failing is started, or connected to, once more. */
export class Restarts {
  #failures = 0;
  #beganAtMs = 0;
  #endedAtMs = 0;

  began(): void {
    this.#beganAtMs = performance.now();
  }

  ended(): void {
    this.#endedAtMs = performance.now();
    this.#failures = this.#endedAtMs - this.#beganAtMs > HEALTHY_MS ? 0 : this.#failures + 1;
  }

  waitMs(): number {
    if (this.#failures <= FREE_FAILURES) return 0;
    const waitMs = Math.min(WAIT_MS_MAX, FIRST_WAIT_MS * 2 ** (this.#failures - FREE_FAILURES - 1));
    return Math.max(0, Math.ceil(this.#endedAtMs + waitMs - performance.now()));
  }
}
