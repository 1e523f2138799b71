/**
 * Orders work by key within one process: decisions that read the same session run one after another, so that each
 * sees what the one before it wrote and none needs to be retried. Work under different keys runs at the same time.
 */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<unknown>>();

  run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#tails.get(key);
    const mine = before === undefined ? work() : before.then(work, work);
    this.#tails.set(key, mine);
    const forget = () => {
      if (this.#tails.get(key) === mine) this.#tails.delete(key);
    };
    mine.then(forget, forget);
    return mine;
  }

  /** Keys with work under way. */
  get size(): number {
    return this.#tails.size;
  }
}
