/**
 * What was compiled last, up to a limit. Kept in two generations, so that a hit costs one look: the older one is
 * forgotten when the younger one is full, except for what was used meanwhile.
 */
export class CompileCache<Compiled> {
  #young = new Map<string, Compiled>();
  #old = new Map<string, Compiled>();
  readonly #entriesMax: number;
  readonly #compile: (source: string) => Compiled;

  constructor(entriesMax: number, compile: (source: string) => Compiled) {
    this.#entriesMax = entriesMax;
    this.#compile = compile;
  }

  get(source: string): Compiled {
    const known = this.#young.get(source);
    if (known !== undefined) return known;
    const compiled = this.#old.get(source) ?? this.#compile(source);
    if (this.#young.size * 2 >= this.#entriesMax) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(source, compiled);
    return compiled;
  }
}
