import type { Json, JsonObject } from '@writ/decision';

/** Version of the entry format; a reader refuses a higher one. */
export const ENTRY_VERSION = 1;

/** What an entry records. A model's refusal is never mixed with a policy's. */
export const ENTRY_KINDS = [
  'decision',
  'result',
  'approval',
  'token',
  'policy_activation',
  'policy_refusal',
  'model_refusal',
  'malformed',
  'administrative',
  'halt',
  'start',
  'stop',
] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** `cooperative`: the agent's own user could write the files; `enforced`: it could not. */
export type Trust = 'cooperative' | 'enforced';

/**
 * What an entry says in the clear, in the tree, for ever: nothing that belongs to a person. Times are RFC 3339 in
 * UTC, `_ns` nanoseconds, `_ms` milliseconds.
 */
export interface EntryCore {
  readonly kind: EntryKind;
  readonly decision_id?: string;
  readonly approval_id?: string;
  /** What happened, for kinds other than `decision`: `approved`, `activated`, `succeeded`, `erasure`, … */
  readonly event?: string;
  readonly action_type?: string;
  readonly phase?: string;
  readonly outcome?: string;
  readonly effect?: string;
  /** Codes of the reasons, strictest first; at most `CODES_MAX`. */
  readonly codes?: readonly string[];
  readonly rules_evaluated?: number;
  readonly evaluation_ns?: number;
  readonly latency_ns?: number;
  readonly engine?: string;
  readonly mode?: string;
  readonly policy_version?: string;
  readonly bundle_digest?: string;
  readonly bundles?: { readonly [name: string]: { readonly revision: string; readonly digest: string } };
  readonly clock_stepped_back_ms?: number;
  /** Personal fields of which a policy of the log masked something before they were sealed. */
  readonly masked?: readonly string[];
  /** A policy of the log kept nothing beside this entry. */
  readonly dropped?: boolean;
  /** Public key that signs the log from here on; only with event `key_rotated`. */
  readonly signing_key?: string;
  /** Fields of earlier entries that were erased; only in kind `administrative` with event `erasure`. */
  readonly erases?: readonly { readonly index: number; readonly fields: readonly string[] }[];
}

/**
 * What belongs to somebody or can be guessed from a small set: in the tree only as a salted commitment, with value
 * and salt beside it. The hashes of arguments are here too, because a hash of few possible arguments tells them.
 */
export const PERSONAL_FIELDS = [
  'action_claims',
  'actor',
  'actor_claims',
  'approval',
  'arg_hash',
  'args',
  'capability',
  'context',
  'conversation',
  'cost',
  'data_classes',
  'delegation',
  'destination',
  'environment',
  'forwarded_args',
  'forwarded_hash',
  'gathered',
  'idempotency_key',
  'matched_rules',
  'message',
  'model',
  'nd_builtin_cache',
  'note',
  'obligations',
  'operation',
  'override',
  'point',
  'principal',
  'principal_claims',
  'reasons',
  'resources',
  'result',
  'risk_score',
  'server',
  'session',
  'step_up',
  'task',
  'tenant',
  'token',
  'tool',
  'tool_digest',
  'trace',
  'usage',
] as const;
export type PersonalField = (typeof PERSONAL_FIELDS)[number];
export type PersonalFields = { readonly [Name in PersonalField]?: Json };

/** An entry as it is read back: what the tree holds, and what still lies beside it. */
export interface LedgerEntry {
  readonly index: number;
  readonly time: string;
  readonly trust: Trust;
  readonly core: EntryCore;
  readonly fields: PersonalFields;
  /** Names of committed fields whose values are gone. */
  readonly erased: readonly PersonalField[];
}

/** Most reason codes that a leaf holds, and the longest; the reasons themselves are a personal field. */
export const CODES_MAX = 32;
export const CODE_LENGTH_MAX = 128;
/** Most bundles named in the leaf; with more, `bundle_digest` alone stands for them. */
export const BUNDLES_MAX = 64;
/** A leaf is smaller than this many bytes, so that it fits a tlog-tiles entry bundle (16-bit length). */
export const LEAF_BYTES_LIMIT = 65_535;

export function isEntryKind(value: Json | undefined): value is EntryKind {
  return (ENTRY_KINDS as readonly unknown[]).includes(value);
}

const personalFields: ReadonlySet<string> = new Set(PERSONAL_FIELDS);

export function isPersonalField(name: string): name is PersonalField {
  return personalFields.has(name);
}

/** Narrows JSON to an object; arrays and null are none. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
