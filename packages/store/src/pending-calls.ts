import type { CallText } from './call-text.ts';
import { StoreError } from './store-error.ts';
import { monotonicMs } from './wire.ts';

/** A call that waits for its answer. */
export interface PendingCall {
  readonly id: number;
  readonly text: CallText;
  readonly deadlineMs: number;
  readonly idempotent: boolean;
  sent: boolean;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: StoreError) => void;
}

/**
 * Calls by id, in the order in which they came, and one timer for the nearest deadline. The timer keeps the process
 * alive while something waits; an idle store does not.
 */
export class PendingCalls {
  readonly #calls = new Map<number, PendingCall>();
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #whenEmpty: (() => void)[] = [];

  get size(): number {
    return this.#calls.size;
  }

  add(call: PendingCall): void {
    if (this.#calls.size === 0) this.#timer?.ref();
    this.#calls.set(call.id, call);
    if (call.deadlineMs < this.#timerAtMs) this.#schedule(call.deadlineMs);
  }

  get(id: number): PendingCall | undefined {
    return this.#calls.get(id);
  }

  values(): Iterable<PendingCall> {
    return this.#calls.values();
  }

  resolve(call: PendingCall, result: unknown): void {
    this.#remove(call);
    call.resolve(result);
  }

  reject(call: PendingCall, error: StoreError): void {
    this.#remove(call);
    call.reject(error);
  }

  /** Resolves when nothing waits any more; deadlines make that certain. */
  async empty(): Promise<void> {
    if (this.#calls.size === 0) return;
    await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
  }

  #remove(call: PendingCall): void {
    this.#calls.delete(call.id);
    if (this.#calls.size > 0) return;
    this.#timer?.unref();
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  #schedule(atMs: number): void {
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, Math.ceil(atMs - monotonicMs())));
  }

  #expire(): void {
    const now = monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const call of [...this.#calls.values()]) {
      if (call.deadlineMs > now) nextMs = Math.min(nextMs, call.deadlineMs);
      else this.reject(call, new StoreError('store_timeout', 'the store did not answer in time'));
    }
    this.stop();
    if (nextMs < Number.POSITIVE_INFINITY) this.#schedule(nextMs);
  }
}
