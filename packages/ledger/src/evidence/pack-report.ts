import type { Cosignature } from '../cosignature.ts';
import type { Trust } from '../entry.ts';
import type { FollowedRotation } from '../follow-rotations.ts';
import type { EvidenceAnswer } from './pack.ts';
import type { PackProblem } from './pack-problem.ts';
import type { EvidenceQuestion } from './question.ts';

export interface VerifyPackOptions {
  readonly directory: string;
  /** Public keys of the log in their text form; later ones are followed to. */
  readonly verifierKeys: readonly string[];
  /** The checkpoint that this verifier remembers of the log, if any. */
  readonly seen?: string;
  /** Public keys of witnesses, and how many of them must have cosigned the checkpoint. Default: all that are given. */
  readonly witnessKeys?: readonly string[];
  readonly witnessesMin?: number;
}

/** What verification of a pack found; `ok` only where nothing is wrong. */
export interface PackReport {
  readonly ok: boolean;
  readonly origin?: string;
  readonly question?: EvidenceQuestion;
  /** What the entries say, derived anew; absent where they cannot be read. */
  readonly answer?: EvidenceAnswer;
  readonly checkpoint?: { readonly size: number; readonly time?: string; readonly trust?: Trust };
  /** How the pack stands to what this verifier saw before. */
  readonly seen: 'nothing' | 'continued' | 'not_compared';
  /** Keys of the log that were not given, and that those before them vouch for. */
  readonly followed?: readonly FollowedRotation[];
  /** Cosignatures of the given witnesses. */
  readonly cosignatures?: readonly Cosignature[];
  readonly problems: readonly PackProblem[];
  readonly problem_count: number;
}
