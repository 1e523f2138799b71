/** What verification can find, each with what it means. */
export const VERIFY_PROBLEMS = {
  files_unreadable: 'the files of the log cannot be read',
  key_unreadable: 'a given public key cannot be read',
  entry_changed: 'an entry is not the one that was hashed into the tree',
  entry_missing: 'an entry was removed',
  entry_unreadable: 'an entry is of a form that this version does not know',
  detail_changed: 'what lies beside an entry is not what it committed to',
  detail_missing: 'what lies beside an entry was removed without a record of erasure',
  time_backwards: 'an entry is earlier than the one before it',
  tree_changed: 'the stored tree is not that of the entries',
  checkpoint_missing: 'nothing that was signed covers the log',
  checkpoint_unreadable: 'a checkpoint cannot be read',
  checkpoint_signature: 'a checkpoint is not signed by the key of this log',
  checkpoint_origin: 'a checkpoint is of another log',
  checkpoint_mismatch: 'the entries do not give the root that was signed',
  log_truncated: 'a checkpoint covers more entries than there are',
  log_rewritten: 'the log does not continue what this verifier saw before',
} as const;
export type VerifyCode = keyof typeof VERIFY_PROBLEMS;

/** One finding; `index` and `decision_id` name the entry where it concerns one. */
export interface VerifyProblem {
  readonly code: VerifyCode;
  readonly message: string;
  readonly index?: number;
  readonly decision_id?: string;
}

/** Findings that are reported; more are counted. */
export const PROBLEMS_MAX = 1_000;

export class ProblemSink {
  readonly #problems: VerifyProblem[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(problem: VerifyProblem): void {
    this.#count += 1;
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push(problem);
  }

  /** Findings about the whole first, then by entry. */
  list(): readonly VerifyProblem[] {
    return this.#problems.toSorted((first, second) => (first.index ?? -1) - (second.index ?? -1));
  }
}
