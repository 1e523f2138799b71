/** How often something ran in how long. */
export interface Measurement {
  readonly runs: number;
  readonly totalNs: number;
  /** Times of single runs; a sample of them where there were many. */
  readonly samplesNs: readonly number[];
}

const DURATION_MS = 1_000;
const WARM_RUNS = 200;
const WARM_MS_MAX = 200;
const SAMPLES_MAX = 100_000;

/** Runs something for about a second, warmed up, and times each run. */
export function measure(run: () => void, durationMs = DURATION_MS): Measurement {
  const warmEnd = performance.now() + WARM_MS_MAX;
  for (let count = 0; count < WARM_RUNS && performance.now() < warmEnd; count++) run();
  const samplesNs: number[] = [];
  const start = process.hrtime.bigint();
  const end = start + BigInt(durationMs) * 1_000_000n;
  let runs = 0;
  let before = start;
  while (before < end) {
    run();
    const after = process.hrtime.bigint();
    if (samplesNs.length < SAMPLES_MAX) samplesNs.push(Number(after - before));
    before = after;
    runs += 1;
  }
  return { runs, totalNs: Number(before - start), samplesNs };
}
