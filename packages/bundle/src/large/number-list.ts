const START_WORDS = 1_024;

/** Numbers below 2^32 in a row that grows. */
export class NumberList {
  #words = new Uint32Array(START_WORDS);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Makes room for so many more; the words are there until the next call. */
  reserve(more: number): Uint32Array {
    if (this.#length + more > this.#words.length) {
      const grown = new Uint32Array(Math.max(this.#words.length * 2, this.#length + more));
      grown.set(this.#words);
      this.#words = grown;
    }
    return this.#words;
  }

  /** Says that so many words were written behind the last one. */
  wrote(words: number): void {
    this.#length += words;
  }

  at(index: number): number {
    return this.#words[index]!;
  }

  cut(length: number): void {
    this.#length = length;
  }

  /** A copy of what is there, and no more. */
  take(): Uint32Array {
    return this.#words.slice(0, this.#length);
  }
}
