import type { PersonalFields, Trust } from '../entry.ts';
import type { UnknownReason } from './judge-entry.ts';
import type { EvidenceQuestion } from './question.ts';

/** Form of a pack; a verifier refuses another one. */
export const PACK_FORMAT = 'writ-evidence/1';
/** Files of a pack, which is a directory: what is asked, answered and proved; the entries; the same for people. */
export const PACK_FILES = {
  manifest: 'pack.json',
  entries: 'entries.ndjson',
  markdown: 'summary.md',
  page: 'summary.html',
} as const;
/** Entries that the answer names one by one; the rest is counted, and stands in `entries.ndjson`. */
export const NAMED_MAX = 1_000;

/**
 * Fields shown of an entry as they lie beside it: salts with the fields of one commitment, in order. Fields that are
 * committed to together are shown together.
 */
export type ShownFields = readonly (readonly [salt: string, values: PersonalFields])[];

/** One entry of the period, a line of `entries.ndjson`. */
export interface EvidenceLine {
  readonly index: number;
  /** Base64 of the leaf's hash in the tree, so that a changed entry can be named. */
  readonly hash: string;
  /** The leaf's text: exactly the bytes that were hashed. */
  readonly leaf: string;
  readonly fields: ShownFields;
  readonly verdict: string;
}

/** An entry from outside the period, with a proof of its own. */
export interface RelatedEntry {
  /** Why it is here: the decision of a result, the erasure of a field, the policies in force at the beginning. */
  readonly role: 'decision' | 'erasure' | 'activation';
  readonly index: number;
  readonly leaf: string;
  readonly fields: ShownFields;
  /** Inclusion in the tree of the checkpoint, base64. */
  readonly proof: readonly string[];
}

/** A checkpoint that was signed earlier, and the proof that the pack's continues it. */
export interface EarlierCheckpoint {
  readonly note: string;
  readonly proof: readonly string[];
}

/** A change of the log's key: the entry that names the new key, and a checkpoint over it that both keys signed. */
export interface ShownRotation {
  readonly note: string;
  readonly index: number;
  readonly leaf: string;
  /** Inclusion of the entry in the tree of that checkpoint, and that the pack's continues it, base64. */
  readonly inclusion: readonly string[];
  readonly proof: readonly string[];
}

/** Policies that decided entries of the period. */
export interface BundleInForce {
  readonly name: string;
  readonly revision: string;
  readonly digest: string;
  /** First and last entry decided by it. */
  readonly first: number;
  readonly last: number;
}

/** What the entries say to the question; a verifier derives it anew. */
export interface EvidenceAnswer {
  /**
   * `acted`: a matching call proceeded. `did_not_act`: none did, and every call of the period is shown to be another.
   * `not_shown`: none is known to have, and some cannot be excluded.
   */
  readonly verdict: 'acted' | 'did_not_act' | 'not_shown';
  /** Entries of the period. */
  readonly entries: number;
  /** Until when the log is shown to be whole; earlier than asked where it was signed before the period ended. */
  readonly covered_to: string;
  readonly matches: {
    readonly total: number;
    readonly proceeded: number;
    readonly refused: number;
    readonly indices: readonly number[];
  };
  readonly open: {
    readonly total: number;
    readonly entries: readonly { readonly index: number; readonly because: readonly UnknownReason[] }[];
  };
  /** Entries excluded, by what excludes them. */
  readonly excluded: { readonly [by: string]: number };
  readonly bundles: readonly BundleInForce[];
  readonly erased: {
    readonly total: number;
    readonly entries: readonly { readonly index: number; readonly fields: readonly string[] }[];
  };
  /** `cooperative` where any entry or the checkpoint is. */
  readonly trust: Trust;
}

/** `pack.json`. */
export interface EvidenceManifest {
  readonly format: typeof PACK_FORMAT;
  readonly origin: string;
  readonly question: EvidenceQuestion;
  readonly framework?: string;
  /** The signed note, with the cosignatures that it has. */
  readonly checkpoint: string;
  readonly earlier: readonly EarlierCheckpoint[];
  /** Changes of the key until the checkpoint was signed; absent where there was none. */
  readonly rotations?: readonly ShownRotation[];
  /** Positions of the lines, the entries just before and after the period included, and the proof over them. */
  readonly range: { readonly first: number; readonly end: number; readonly proof: readonly string[] };
  readonly related: readonly RelatedEntry[];
  readonly answer: EvidenceAnswer;
}
