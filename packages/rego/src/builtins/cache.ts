/** What was compiled last, up to a limit; the one used longest ago goes first. */
export class CompileCache<Compiled> {
  readonly #entries = new Map<string, Compiled>();
  readonly #entriesMax: number;
  readonly #compile: (source: string) => Compiled;

  constructor(entriesMax: number, compile: (source: string) => Compiled) {
    this.#entriesMax = entriesMax;
    this.#compile = compile;
  }

  get(source: string): Compiled {
    const known = this.#entries.get(source);
    if (known !== undefined) {
      this.#entries.delete(source);
      this.#entries.set(source, known);
      return known;
    }
    const compiled = this.#compile(source);
    if (this.#entries.size >= this.#entriesMax) {
      const oldest = this.#entries.keys().next().value;
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(source, compiled);
    return compiled;
  }
}
