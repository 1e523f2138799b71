import type { LedgerEntry } from '../entry.ts';

/** Spans that are counted ahead: a minute and an hour, in seconds. */
export const ROLLUP_SECONDS = { minute: 60, hour: 3_600 } as const;
export type RollupSpan = keyof typeof ROLLUP_SECONDS;

/** What is counted in each span. */
export type RollupCount = 'outcome' | 'code' | 'latency';

/** Four buckets to each doubling: a percentile is at most a fifth too high. */
const BUCKETS_PER_DOUBLING = 4;

/** The bucket of a duration; bucket n ends at `bucketEndNs(n)`. */
export function latencyBucket(ns: number): number {
  return ns <= 1 ? 0 : Math.ceil(Math.log2(ns) * BUCKETS_PER_DOUBLING);
}

export function bucketEndNs(bucket: number): number {
  return Math.round(2 ** (bucket / BUCKETS_PER_DOUBLING));
}

/** Counts of decisions, gathered in memory and then added to the index in one go. */
export class RollupCounter {
  readonly #counts = new Map<string, number>();

  add({ time, core }: LedgerEntry): void {
    if (core.kind !== 'decision' || core.phase === 'list') return;
    const timeMs = Date.parse(time);
    for (const seconds of Object.values(ROLLUP_SECONDS)) {
      const startMs = timeMs - (timeMs % (seconds * 1000));
      this.#count(seconds, startMs, 'outcome', core.outcome ?? '');
      for (const code of core.codes ?? []) this.#count(seconds, startMs, 'code', code);
      if (core.latency_ns !== undefined)
        this.#count(seconds, startMs, 'latency', String(latencyBucket(core.latency_ns)));
    }
  }

  *counts(): Generator<
    readonly [seconds: number, startMs: number, what: RollupCount, name: string, number: number]
  > {
    for (const [key, number] of this.#counts) {
      const [seconds, startMs, what, name] = JSON.parse(key);
      yield [seconds, startMs, what, name, number];
    }
  }

  #count(seconds: number, startMs: number, what: RollupCount, name: string): void {
    const key = JSON.stringify([seconds, startMs, what, name]);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}

/** One span of time in figures. */
export interface Rollup {
  /** RFC 3339, UTC. */
  readonly start: string;
  readonly decisions: number;
  readonly outcomes: { readonly [outcome: string]: number };
  /** Denied decisions by all decisions, 0 to 1. */
  readonly denial_rate: number;
  readonly reasons: { readonly [code: string]: number };
  /** Upper ends of the buckets that hold the percentiles; absent where no latency was recorded. */
  readonly latency_ns?: { readonly p50: number; readonly p95: number; readonly p99: number };
}

/** Puts the rows of one span together. */
export function rollupOf(
  startMs: number,
  rows: readonly (readonly [what: string, name: string, number: number])[],
): Rollup {
  const of = (what: RollupCount) =>
    Object.fromEntries(rows.filter((row) => row[0] === what).map(([, name, number]) => [name, number]));
  const outcomes = of('outcome');
  const decisions = Object.values(outcomes).reduce((sum, number) => sum + number, 0);
  const buckets = rows
    .filter(([what]) => what === 'latency')
    .map(([, name, number]) => [Number(name), number] as const)
    .toSorted(([left], [right]) => left - right);
  return {
    start: new Date(startMs).toISOString(),
    decisions,
    outcomes,
    denial_rate: decisions === 0 ? 0 : (outcomes['deny'] ?? 0) / decisions,
    reasons: of('code'),
    ...(buckets.length === 0 ? {} : { latency_ns: percentiles(buckets) }),
  };
}

function percentiles(buckets: readonly (readonly [bucket: number, number: number])[]) {
  const total = buckets.reduce((sum, [, number]) => sum + number, 0);
  const at = (part: number): number => {
    let seen = 0;
    for (const [bucket, number] of buckets) {
      seen += number;
      if (seen >= total * part) return bucketEndNs(bucket);
    }
    return 0;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
