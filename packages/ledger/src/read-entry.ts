import { canonicalJson, type Json, type JsonObject } from '@writ/decision';
import type { StoredEntry } from '@writ/store';
import { canonicalEnd } from './canonical-scan.ts';
import {
  ENTRY_VERSION,
  type EntryCore,
  isEntryKind,
  isJsonObject,
  type LedgerEntry,
  type PersonalField,
  type PersonalFields,
} from './entry.ts';
import { fieldsOfKey, type GroupKey } from './field-groups.ts';
import { SALT_PATTERN } from './seal.ts';

/** The leaf of an entry, read. */
export interface Leaf {
  readonly time: string;
  readonly trust: 'cooperative' | 'enforced';
  readonly core: EntryCore;
  readonly commitments: { readonly [key: GroupKey]: string };
}

/** Fields that are committed to together, with their salt. */
export interface OpenedGroup {
  readonly salt: string;
  readonly values: PersonalFields;
}

/** What lies beside a leaf, read: each group of fields that is left. */
export interface Detail {
  readonly decision_id?: string;
  readonly groups: ReadonlyMap<GroupKey, OpenedGroup>;
}

export type Reading<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly message: string };

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads a leaf strictly: canonical JSON of a known version, so that no two byte strings mean the same entry. */
export function readLeaf(bytes: Uint8Array): Reading<Leaf> {
  const document = readCanonical(() => decoder.decode(bytes));
  if (!document.ok) return document;
  const { v, time, trust, commitments, ...core } = document.value;
  if (v !== ENTRY_VERSION) return failed(`entry version ${JSON.stringify(v ?? null)} is not known`);
  if (typeof time !== 'string' || Number.isNaN(Date.parse(time))) return failed('the time is not RFC 3339');
  if (trust !== 'cooperative' && trust !== 'enforced')
    return failed('the trust is neither cooperative nor enforced');
  if (!isCore(core)) return failed('the kind is not known');
  if (!isCommitments(commitments)) return failed('the commitments are not texts by names of fields');
  return { ok: true, value: { time, trust, core, commitments } };
}

/** Reads the text beside a leaf; an entry without any has no fields. */
export function readDetail(text: string | null): Reading<Detail> {
  if (text === null) return { ok: true, value: { groups: new Map() } };
  const document = readCanonical(() => text);
  if (!document.ok) return document;
  const { v, fields, decision_id, ...others } = document.value;
  if (v !== ENTRY_VERSION) return failed(`detail version ${JSON.stringify(v ?? null)} is not known`);
  if (Object.keys(others).length > 0) return failed('the detail has an unknown member');
  const groups = groupsOf(fields);
  if (groups === undefined) return failed('the fields are not salts with values by field name');
  if (decision_id === undefined) return { ok: true, value: { groups } };
  if (typeof decision_id !== 'string') return failed('the decision id is not a text');
  return { ok: true, value: { decision_id, groups } };
}

/** An entry as people and programs read it. Values are as stored: whether they are untouched is for `verifyLog`. */
export function readEntry(stored: StoredEntry): Reading<LedgerEntry> {
  const leaf = readLeaf(stored.leaf);
  if (!leaf.ok) return leaf;
  const detail = readDetail(stored.detail);
  if (!detail.ok) return detail;
  const { time, trust, core, commitments } = leaf.value;
  let fields: PersonalFields = {};
  const erased: PersonalField[] = [];
  for (const key of Object.keys(commitments)) {
    const group = detail.value.groups.get(key);
    if (group === undefined) erased.push(...(fieldsOfKey(key) ?? []));
    else fields = { ...fields, ...group.values };
  }
  return { ok: true, value: { index: stored.index, time, trust, core, fields, erased: erased.sort() } };
}

/**
 * The detail without the named fields, to be stored in its place; the leaf keeps their commitments. Fields that are
 * committed to together go together: `erasedTogether` names them all, for the entry that records the erasure.
 */
export function eraseFromDetail(text: string, names: readonly PersonalField[]): string {
  const { decision_id, groups } = detailToErase(text);
  const fields = [...groups].filter(([key]) => !holdsAny(key, names));
  const left = fields.map(([, { salt, values }]): Json => [salt, values as JsonObject]);
  const document: JsonObject = { v: ENTRY_VERSION, fields: left };
  return canonicalJson(decision_id === undefined ? document : { ...document, decision_id });
}

/** Every field that goes when the named ones are erased from this detail, in order. */
export function erasedTogether(text: string, names: readonly PersonalField[]): readonly PersonalField[] {
  const gone = [...detailToErase(text).groups.keys()].filter((key) => holdsAny(key, names));
  return gone.flatMap((key) => fieldsOfKey(key) ?? []).sort();
}

function detailToErase(text: string): Detail {
  const detail = readDetail(text);
  if (!detail.ok) throw new TypeError(`cannot erase from this detail: ${detail.message}`);
  return detail.value;
}

function holdsAny(key: GroupKey, names: readonly PersonalField[]): boolean {
  return fieldsOfKey(key)?.some((name) => names.includes(name)) === true;
}

function readCanonical(text: () => string): Reading<JsonObject> {
  try {
    const given = text();
    const value: unknown = JSON.parse(given);
    if (!isJsonObject(value)) return failed('it is not a JSON object');
    return canonicalEnd(given, 0) === given.length ? { ok: true, value } : failed('it is not canonical JSON');
  } catch {
    return failed('it is not JSON in UTF-8');
  }
}

function isCore(value: JsonObject): value is JsonObject & EntryCore {
  return isEntryKind(value['kind']);
}

/** Texts by keys; no field is committed to twice. */
function isCommitments(value: Json | undefined): value is { readonly [key: GroupKey]: string } {
  if (!isJsonObject(value)) return false;
  const seen = new Set<string>();
  for (const [key, commitment] of Object.entries(value)) {
    const fields = fieldsOfKey(key);
    if (fields === undefined || typeof commitment !== 'string') return false;
    for (const field of fields) {
      if (seen.has(field)) return false;
      seen.add(field);
    }
  }
  return true;
}

/** The groups in order of their keys, as canonical text has them; undefined where it is not such a list. */
function groupsOf(value: Json | undefined): ReadonlyMap<GroupKey, OpenedGroup> | undefined {
  if (!Array.isArray(value)) return undefined;
  const groups = new Map<GroupKey, OpenedGroup>();
  let last = '';
  for (const pair of value as readonly Json[]) {
    if (!isSaltAndValues(pair)) return undefined;
    const [salt, values] = pair;
    const key = Object.keys(values).join(',');
    if (key <= last || fieldsOfKey(key) === undefined) return undefined;
    groups.set(key, { salt, values });
    last = key;
  }
  return groups;
}

function isSaltAndValues(pair: Json): pair is readonly [salt: string, values: JsonObject] {
  if (!Array.isArray(pair) || pair.length !== 2) return false;
  const [salt, values] = pair as readonly Json[];
  return typeof salt === 'string' && SALT_PATTERN.test(salt) && isJsonObject(values);
}

function failed(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}
