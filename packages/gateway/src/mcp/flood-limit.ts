/** Counts what a response brings, and says when it is a flood. */
export class FloodMeter {
  readonly #burstBytes: number;
  readonly #bytesPerSecond: number;
  #left: number;
  #atMs = performance.now();

  constructor(burstBytes: number, bytesPerSecond: number) {
    this.#burstBytes = burstBytes;
    this.#bytesPerSecond = bytesPerSecond;
    this.#left = burstBytes;
  }

  /** False where this is more than may come by now: what comes all the same counts too. */
  passes(bytes: number): boolean {
    this.#earn();
    this.#left -= bytes;
    return this.#left >= 0;
  }

  /** Takes one of what may come by now; false, and nothing taken, where there is none. */
  take(): boolean {
    this.#earn();
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  #earn(): void {
    const nowMs = performance.now();
    const earned = ((nowMs - this.#atMs) / 1000) * this.#bytesPerSecond;
    this.#left = Math.min(this.#burstBytes, this.#left + earned);
    this.#atMs = nowMs;
  }
}

/** Lets a response through as long as it is not a flood; then the stream ends with an error. */
export function floodLimit(
  burstBytes: number,
  bytesPerSecond: number,
): TransformStream<Uint8Array, Uint8Array> {
  const meter = new FloodMeter(burstBytes, bytesPerSecond);
  return new TransformStream({
    transform(chunk, controller) {
      if (meter.passes(chunk.byteLength)) controller.enqueue(chunk);
      else controller.error(new Error('the server sends more than it may'));
    },
  });
}
