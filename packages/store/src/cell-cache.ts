/** Characters of keys and values that one generation holds at most; two generations are kept. */
const GENERATION_LENGTH_MAX = 8 * 1_024 * 1_024;
/** What an entry of a map costs beside its texts, in characters. */
const ENTRY_LENGTH = 64;

/**
 * Cells as they lie in their table, in the memory of the only process that writes them, absent ones included: most of
 * a decision's reads are of cells that never are (halts, tombstones), or that were written a while ago. What is newer stands in the
 * journal, and is asked there first. Bounded by two generations, of which the older is forgotten as a whole.
 */
export class CellCache {
  readonly #lengthMax: number;
  #young = new Map<string, string | undefined>();
  #old = new Map<string, string | undefined>();
  #length = 0;

  constructor(lengthMax = GENERATION_LENGTH_MAX) {
    this.#lengthMax = lengthMax;
  }

  /** The value of a cell, read by `load` where it is not remembered. */
  value(key: string, load: (key: string) => string | undefined): string | undefined {
    const known = this.#young.get(key);
    if (known !== undefined || this.#young.has(key)) return known;
    const value = this.#old.has(key) ? this.#old.get(key) : load(key);
    this.#keep(key, value);
    return value;
  }

  /** The cell has another value now. */
  forget(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  #keep(key: string, value: string | undefined): void {
    this.#young.set(key, value);
    this.#length += key.length + (value?.length ?? 0) + ENTRY_LENGTH;
    if (this.#length <= this.#lengthMax) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#length = 0;
  }
}
