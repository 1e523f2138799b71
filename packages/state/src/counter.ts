import type { Transaction } from '@writ/store';
import { readCell, readerOf, type Versioned, writeCell } from './cell.ts';
import { shardedKey } from './cell-key.ts';

/** A rate limit: at most `limit` hits in any stretch of `windowMs`, weighted over two fixed windows. */
export interface RateLimit {
  readonly limit: number;
  readonly windowMs: number;
}

interface CounterState extends Versioned {
  readonly window_start_ms: number;
  readonly hits: number;
  readonly hits_before: number;
  /** From then on it counts for nothing. */
  readonly expires_ms: number;
}

export interface RateAnswer {
  readonly allowed: boolean;
  /** Hits left now. */
  readonly remaining: number;
}

/** The cell of a counter: `name` for its purpose, `holder` for whom it counts. */
export function counterKey(tenant: string | undefined, name: string, holder: string): string {
  return shardedKey('counter', tenant, name, holder);
}

/**
 * Counts a hit if it is within the limit. The window before weighs as much as of it still lies in the sliding window,
 * so that two bursts at a border do not pass as one each.
 */
export function hitCounter(
  transaction: Transaction,
  key: string,
  { limit, windowMs }: RateLimit,
): RateAnswer {
  if (!(windowMs > 0) || !(limit >= 0)) throw new RangeError('a rate limit needs a window and a limit');
  const nowMs = transaction.nowMs;
  const start = nowMs - (nowMs % windowMs);
  const state = readCell<CounterState>(readerOf(transaction), key);
  const hits = state?.window_start_ms === start ? state.hits : 0;
  const before = hitsBefore(state, start, windowMs);
  const weighted = before * (1 - (nowMs - start) / windowMs) + hits;
  if (weighted + 1 > limit) return { allowed: false, remaining: 0 };
  writeCell<CounterState>(transaction, key, {
    v: 1,
    window_start_ms: start,
    hits: hits + 1,
    hits_before: before,
    expires_ms: start + 2 * windowMs,
  });
  return { allowed: true, remaining: Math.floor(limit - weighted - 1) };
}

function hitsBefore(state: CounterState | undefined, start: number, windowMs: number): number {
  if (state === undefined) return 0;
  if (state.window_start_ms === start) return state.hits_before;
  return state.window_start_ms === start - windowMs ? state.hits : 0;
}
