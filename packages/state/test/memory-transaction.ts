import type { Transaction } from '@writ/store';

/**
 * The contract of a transaction over a map, with a clock that the test moves: for what depends on time. What depends on
 * order, batches and durability runs on the real store (`store.test.ts`).
 */
export class MemoryState {
  readonly cells = new Map<string, string>();
  nowMs = Date.UTC(2026, 2, 14, 9, 30);
  steppedBackMs = 0;

  /** Runs `work` with the cells that it declares; what it throws undoes it. */
  run<Result>(keys: readonly string[], work: (transaction: Transaction) => Result): Result {
    const before = new Map(this.cells);
    try {
      return work(this.#transaction(new Set(keys)));
    } catch (cause) {
      this.cells.clear();
      for (const [key, value] of before) this.cells.set(key, value);
      throw cause;
    }
  }

  #transaction(declared: ReadonlySet<string>): Transaction {
    const check = (key: string): string => {
      if (!declared.has(key)) throw new RangeError(`undeclared cell ${key}`);
      return key;
    };
    return {
      nowMs: this.nowMs,
      ...(this.steppedBackMs > 0 ? { clockSteppedBackMs: this.steppedBackMs } : {}),
      get: (key) => this.cells.get(check(key)),
      put: (key, value) => void this.cells.set(check(key), value),
      remove: (key) => void this.cells.delete(check(key)),
      append: () => {
        throw new RangeError('state appends nothing');
      },
      replaceDetail: () => {
        throw new RangeError('state erases nothing');
      },
      logSize: 0,
    };
  }
}
