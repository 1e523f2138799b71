import type { ContextFact } from '@writ/state';

/** Cells that are remembered, and marked as not to be: with more the oldest are forgotten. */
const CELLS_MAX = 20_000;

/**
 * State cells as this process last saw them committed, so that a decision need not read before it commits. They may be
 * stale; the commit compares what policies were told with what is stored and answers `conflict`, so a stale cell costs
 * another attempt, never a wrong decision. A cell that others turn out to change is read each time from then on.
 */
export class StateMemory {
  readonly #cells = new Map<string, string | undefined>();
  readonly #shared = new Set<string>();
  readonly #cellsMax: number;

  constructor(cellsMax = CELLS_MAX) {
    this.#cellsMax = cellsMax;
  }

  /** All of these cells, or undefined where one is not remembered. */
  recall(keys: readonly string[]): ReadonlyMap<string, string | undefined> | undefined {
    const found = new Map<string, string | undefined>();
    for (const key of keys) {
      if (!this.#cells.has(key)) return undefined;
      found.set(key, this.#cells.get(key));
    }
    return found;
  }

  /** What a commit left; null where there is no such cell. */
  remember(cells: readonly (readonly [key: string, text: string | null])[]): void {
    for (const [key, text] of cells) {
      if (this.#shared.has(key)) continue;
      this.#cells.delete(key);
      this.#cells.set(key, text ?? undefined);
    }
    trim(this.#cells, this.#cellsMax);
  }

  /** These cells were not what policies were told. */
  distrust(keys: readonly string[]): void {
    for (const key of keys) {
      if (this.#cells.delete(key)) this.#shared.add(key);
    }
    trim(this.#shared, this.#cellsMax);
  }
}

/** May these facts be told from memory: only where the commit compares every one. Age moves with the clock. */
export function mayRecall(facts: readonly ContextFact[]): boolean {
  return !facts.includes('session_age_seconds');
}

function trim(
  kept: { size: number; keys(): Iterator<string>; delete(key: string): boolean },
  max: number,
): void {
  while (kept.size > max) kept.delete(kept.keys().next().value as string);
}
