/**
 * The promises of security and protocol that Writ makes. Each has an id, the sentence that users may rely on, and
 * where it comes from; tests cite the id in their title in square brackets. `tools/test/promises.test.ts` fails for
 * a promise that no test cites and for a citation of what is not promised.
 */
export interface Promised {
  readonly sentence: string;
  /** RFC, specification, advisory, or the page of ours that states it. */
  readonly source: string;
}
