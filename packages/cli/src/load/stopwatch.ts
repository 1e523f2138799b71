/** Times the stages of a command, by the names that OPA's metrics have. */
export class Stopwatch {
  readonly #times = new Map<string, number>();

  /** Runs a stage and notes how long it took. */
  now<T>(name: string, stage: () => T): T {
    const start = performance.now();
    try {
      return stage();
    } finally {
      this.#note(name, start);
    }
  }

  async time<T>(name: string, stage: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await stage();
    } finally {
      this.#note(name, start);
    }
  }

  #note(name: string, start: number): void {
    this.#times.set(name, Math.round((performance.now() - start) * 1e6));
  }

  /** Nanoseconds by name, sorted. */
  report(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#times].sort(([first], [second]) => (first < second ? -1 : 1)));
  }
}
