import type { Decision } from '@writ/decision';

/** Upper bounds of the latency histogram, s. */
export const LATENCY_BOUNDS_S = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
] as const;
/** Reasons are the policies' own words: beyond this many pairs of reason and layer, the rest count as `other`. */
const REFUSALS_MAX = 500;

/** What was counted since the process started. */
export interface MeterReading {
  /** Decisions by outcome and effect. */
  readonly decisions: readonly {
    readonly outcome: string;
    readonly effect: string;
    readonly count: number;
  }[];
  /** Refused effects by the reason that led and its layer (empty where none spoke). */
  readonly refusals: readonly { readonly reason: string; readonly layer: string; readonly count: number }[];
  /** Decisions that took at most the bound of the same index, each counted once; the last place is for longer ones. */
  readonly latencyCounts: readonly number[];
  readonly latencySumS: number;
}

/** Counts decisions of one process, whoever asked: a fixed amount of memory and a few additions each. */
export class Meters {
  readonly #decisions = new Map<string, number>();
  readonly #refusals = new Map<string, number>();
  readonly #latency = Array.from({ length: LATENCY_BOUNDS_S.length + 1 }, () => 0);
  #latencySumS = 0;

  /** Counts what this work decides, with the time until it is answered. */
  async counted(work: Promise<Decision>): Promise<Decision> {
    const startedMs = performance.now();
    const decision = await work;
    this.#count(decision, (performance.now() - startedMs) / 1000);
    return decision;
  }

  #count({ outcome, effect, reason, reasons }: Decision, seconds: number): void {
    add(this.#decisions, JSON.stringify([outcome, effect]));
    const place = LATENCY_BOUNDS_S.findIndex((bound) => seconds <= bound);
    const index = place === -1 ? LATENCY_BOUNDS_S.length : place;
    this.#latency[index] = (this.#latency[index] ?? 0) + 1;
    this.#latencySumS += seconds;
    if (effect !== 'refuse') return;
    const layer = reasons.find(({ code }) => code === reason)?.layer ?? '';
    const key = JSON.stringify([reason, layer]);
    const full = this.#refusals.size >= REFUSALS_MAX && !this.#refusals.has(key);
    add(this.#refusals, full ? JSON.stringify(['other', '']) : key);
  }

  read(): MeterReading {
    return {
      decisions: pairsOf(this.#decisions).map(([[outcome, effect], count]) => ({ outcome, effect, count })),
      refusals: pairsOf(this.#refusals).map(([[reason, layer], count]) => ({ reason, layer, count })),
      latencyCounts: [...this.#latency],
      latencySumS: this.#latencySumS,
    };
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function pairsOf(counts: Map<string, number>): [[string, string], number][] {
  return [...counts].map(([key, count]) => [JSON.parse(key) as [string, string], count]);
}
