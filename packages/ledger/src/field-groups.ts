import { isPersonalField, type PersonalField } from './entry.ts';

/**
 * Which personal fields are committed to together: those of one subject, which a proof shows and the law erases
 * together. Fewer commitments make a smaller entry and a faster one. Only the writer knows this table: a leaf names the
 * fields of each commitment, so that readers take any grouping. No field of one group can be guessed from another's
 * value: a session's key holds the principal's id, so it stands with the principal.
 */
const TOGETHER: readonly (readonly PersonalField[])[] = [
  ['principal', 'principal_claims', 'session', 'conversation', 'context', 'idempotency_key', 'task', 'trace'],
  ['actor', 'actor_claims', 'delegation'],
  ['tenant', 'point', 'environment'],
  ['tool', 'server', 'capability', 'operation', 'model', 'tool_digest', 'action_claims'],
  ['resources', 'data_classes', 'destination', 'cost'],
  ['args', 'arg_hash', 'forwarded_args', 'forwarded_hash'],
  ['matched_rules', 'reasons', 'obligations', 'gathered', 'override', 'step_up', 'approval', 'risk_score'],
  ['nd_builtin_cache'],
  ['result', 'usage'],
  ['token'],
  ['message', 'note'],
];

/** The groups, their fields in canonical order. */
export const FIELD_GROUPS: readonly (readonly PersonalField[])[] = TOGETHER.map((group) => [...group].sort());

/** Names one commitment: the names of its fields in order, joined by commas. */
export type GroupKey = string;

/** The fields that a key names; undefined where it is not a key in its one form. */
export function fieldsOfKey(key: GroupKey): readonly PersonalField[] | undefined {
  const known = knownKeys.get(key);
  if (known !== undefined) return known;
  const names = key.split(',');
  const inOrder = names.every((name, index) => index === 0 || (names[index - 1] as string) < name);
  if (!inOrder || !names.every(isPersonalField)) return undefined;
  if (knownKeys.size < KNOWN_KEYS_MAX) knownKeys.set(key, names);
  return names;
}

/** The fields that a leaf commits to, in order. */
export function committedFields(commitments: { readonly [key: GroupKey]: string }): readonly PersonalField[] {
  return Object.keys(commitments)
    .flatMap((key) => fieldsOfKey(key) ?? [])
    .sort();
}

/** Most logs have some dozens of different keys. */
const KNOWN_KEYS_MAX = 4_096;
const knownKeys = new Map<GroupKey, readonly PersonalField[]>();
