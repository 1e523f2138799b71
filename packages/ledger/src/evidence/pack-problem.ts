/** What verification of a pack can find, each with what it means. */
export const PACK_PROBLEMS = {
  pack_unreadable: 'a file of the pack is missing or not of this form',
  file_unknown: 'the pack holds a file that is no part of it',
  key_unreadable: 'a given public key cannot be read',
  checkpoint_unreadable: 'a checkpoint cannot be read',
  checkpoint_signature: 'a checkpoint is not signed by the key of this log',
  checkpoint_origin: 'a checkpoint is of another log',
  consistency: 'the checkpoint does not continue an earlier one',
  log_rewritten: 'the log does not continue what this verifier saw before',
  witness_missing: 'fewer witnesses than asked for have cosigned the checkpoint',
  entry_unreadable: 'an entry is of a form that this version does not know',
  entry_missing: 'an entry of the period is not there',
  entry_repeated: 'an entry stands twice, or not in its place',
  entry_changed: 'an entry is not the one in the tree',
  hash_changed: 'the hash beside an entry is not its hash',
  root_mismatch: 'the entries do not give the signed root',
  period_open: 'the entries just before or after the period are not shown',
  time_backwards: 'an entry is earlier than the one before it',
  time_contradicted: 'a signed checkpoint shows that an entry was not written when it says',
  field_changed: 'a field is not what the entry committed to',
  field_withheld: 'a matching entry does not show a field that was not erased',
  rotation_unproven: 'a change of the key is not shown to be one that the key before signed',
  related_unproven: 'an entry from outside the period is not in the tree',
  verdict_changed: 'an entry is not what the pack says it is to the question',
  answer_changed: 'the answer is not what the entries give',
  summary_changed: 'a summary is not the one that the entries give',
} as const;
export type PackProblemCode = keyof typeof PACK_PROBLEMS;

/** One finding; `index` names the entry where it concerns one. */
export interface PackProblem {
  readonly code: PackProblemCode;
  readonly message: string;
  readonly index?: number;
}

/** Findings that are listed; more are counted. */
const LISTED_MAX = 1_000;

export class PackProblems {
  readonly list: PackProblem[] = [];
  count = 0;

  add(code: PackProblemCode, message: string, index?: number): void {
    this.count += 1;
    if (this.list.length < LISTED_MAX)
      this.list.push({ code, message, ...(index === undefined ? {} : { index }) });
  }
}
