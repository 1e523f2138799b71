/** Characters of keys and values that one generation holds at most; two generations are kept. */
const GENERATION_LENGTH_MAX = 8 * 1_024 * 1_024;
/** What an entry of a map costs beside its texts, in characters. */
const ENTRY_LENGTH = 64;

/**
 * Committed cells in the memory of the only process that writes them, absent ones included: most of a decision's reads
 * are of cells that were just written, or that never are. What a transaction changes is seen only once it is
 * committed; bounded by two generations, of which the older is forgotten as a whole.
 */
export class CellCache {
  readonly #lengthMax: number;
  #young = new Map<string, string | undefined>();
  #old: ReadonlyMap<string, string | undefined> = new Map();
  #length = 0;
  readonly #pending = new Map<string, string | undefined>();

  constructor(lengthMax = GENERATION_LENGTH_MAX) {
    this.#lengthMax = lengthMax;
  }

  /** The committed value of a cell, read by `load` where it is not remembered. */
  value(key: string, load: (key: string) => string | undefined): string | undefined {
    if (this.#young.has(key)) return this.#young.get(key);
    const value = this.#old.has(key) ? this.#old.get(key) : load(key);
    this.#keep(key, value);
    return value;
  }

  /** Notes what the transaction under way writes; undefined where it removes. */
  change(key: string, value: string | undefined): void {
    this.#pending.set(key, value);
  }

  /** What was noted is durable now. */
  commit(): void {
    for (const [key, value] of this.#pending) this.#keep(key, value);
    this.#pending.clear();
  }

  /** The transaction has ended otherwise. Where it had written, nothing that is remembered is taken for granted. */
  rollback(): void {
    if (this.#pending.size === 0) return;
    this.#pending.clear();
    this.#young.clear();
    this.#old = new Map();
    this.#length = 0;
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
