/** Timing of small functions side by side: rounds of each in turn, so that a drift of the machine hits all alike. */

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** A figure of a bench: a value with its unit, and a goal that it must meet where one is promised. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly spread?: Spread;
  /** `atMost` or `atLeast` the number. */
  readonly goal?: { readonly atMost?: number; readonly atLeast?: number };
}

export interface BenchReport {
  readonly figures: readonly Figure[];
  /** What could not be measured here, and how to get it. */
  readonly leftOut: readonly string[];
}

export interface Contender {
  readonly name: string;
  /**
   * Operations of this one in a round, in place of `perRound`: rounds of about the same length are interrupted by
   * other work about as often, so that a busy machine does not shift ratios.
   */
  readonly perRound?: number;
  /** One operation; awaited when it gives a promise. */
  run(): unknown;
}

export function spreadOf(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { min: at(0), median: at(0.5), p99: at(0.99), max: at(1) };
}

/** Microseconds per operation of each contender, over `rounds` rounds taken in turn; `perRound` operations each. */
export async function compare(
  contenders: readonly Contender[],
  options: { readonly rounds: number; readonly perRound: number; readonly warmUp?: number },
): Promise<Map<string, Spread>> {
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = -(options.warmUp ?? 3); round < options.rounds; round++) {
    for (const contender of contenders) {
      const count = contender.perRound ?? options.perRound;
      const start = process.hrtime.bigint();
      for (let index = 0; index < count; index++) {
        const answer = contender.run();
        if (answer instanceof Promise) await answer;
      }
      const micros = Number(process.hrtime.bigint() - start) / 1000 / count;
      if (round >= 0) samples.get(contender.name)?.push(micros);
    }
  }
  return new Map([...samples].map(([name, values]) => [name, spreadOf(values)]));
}

/** A spread of microseconds as a figure's value (the median) and spread in milliseconds. */
export function inMilliseconds(micros: Spread | undefined): {
  readonly value: number;
  readonly unit: 'ms';
  readonly spread: Spread;
} {
  const { min, median, p99, max } = micros ?? spreadOf([]);
  const spread = { min: min / 1000, median: median / 1000, p99: p99 / 1000, max: max / 1000 };
  return { value: spread.median, unit: 'ms', spread };
}
