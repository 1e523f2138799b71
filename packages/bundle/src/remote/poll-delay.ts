/** What decides when a published bundle is asked about again. */
export interface PollDelayOptions {
  /** Failures in a row, 0 after an answer. */
  readonly failures: number;
  /** The server waits by itself until something changed. */
  readonly waits: boolean;
  readonly pollMs?: number | undefined;
  readonly backOffMaxMs?: number | undefined;
  readonly random?: (() => number) | undefined;
}

/**
 * Time until the next question, ms. A failure is asked about again soon, then ever later, each time moved by chance so
 * that many who lost one server do not come back to it together; a server that waits by itself is asked at once.
 */
export function pollDelayMs({
  failures,
  waits,
  pollMs = 30_000,
  backOffMaxMs = 60_000,
  random = Math.random,
}: PollDelayOptions): number {
  if (failures > 0) {
    const grown = Math.min(1000 * 2 ** (failures - 1), backOffMaxMs);
    return Math.min(grown, Math.max(pollMs, 1000)) * (0.5 + random() / 2);
  }
  return waits ? 0 : pollMs * (0.9 + random() / 5);
}
