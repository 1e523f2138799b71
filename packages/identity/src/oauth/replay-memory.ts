/** Remembers what was used, for as long as it could be used again; bounded. */
export interface ReplayMemory {
  /** `fresh` once for each key until it expires; `full` where nothing can be remembered any more. */
  use(key: string, expiresMs: number, nowMs: number): 'fresh' | 'used' | 'full';
}

export function createReplayMemory(sizeMax = 100_000): ReplayMemory {
  const used = new Map<string, number>();
  return {
    use(key, expiresMs, nowMs) {
      // Everything is remembered for the same time, so that the oldest expire first.
      for (const [old, untilMs] of used) {
        if (untilMs > nowMs) break;
        used.delete(old);
      }
      if (used.has(key)) return 'used';
      if (used.size >= sizeMax) return 'full';
      used.set(key, expiresMs);
      return 'fresh';
    },
  };
}
