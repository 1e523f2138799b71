import { EventEmitter, once } from 'node:events';

/** How often the record's size is looked at while somebody waits, ms: another process may write it too. */
const LOOK_EVERY_MS = 200;

/** Tells when the record has grown: one look at the store for all that wait, and none while nobody does. */
export class LogGrowth {
  readonly #size: () => Promise<number>;
  readonly #grown = new EventEmitter().setMaxListeners(0);
  #latest = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(size: () => Promise<number>) {
    this.#size = size;
  }

  /** Resolves with the size once it is beyond `size`, or when the signal is aborted. */
  async beyond(size: number, signal: AbortSignal): Promise<number> {
    while (this.#latest <= size && !signal.aborted) {
      const grown = once(this.#grown, 'grown', { signal }).catch(() => undefined);
      this.#look();
      await grown;
    }
    return this.#latest;
  }

  #look(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#size().then(
        (size) => {
          this.#latest = size;
          this.#grown.emit('grown');
        },
        // The store may come back: who waits goes on waiting, and asks again.
        () => this.#grown.emit('grown'),
      );
    }, LOOK_EVERY_MS);
  }
}
