import { canonicalJson, type Json, type JsonObject } from '@writ/decision';
import type { StoredEntry } from '@writ/store';
import {
  ENTRY_VERSION,
  type EntryCore,
  isEntryKind,
  isJsonObject,
  isPersonalField,
  type LedgerEntry,
  type PersonalField,
} from './entry.ts';
import { SALT_PATTERN } from './seal.ts';

/** The leaf of an entry, read. */
export interface Leaf {
  readonly time: string;
  readonly trust: 'cooperative' | 'enforced';
  readonly core: EntryCore;
  readonly commitments: { readonly [Name in PersonalField]?: string };
}

/** What lies beside a leaf, read: each field that is left with its salt. */
export interface Detail {
  readonly decision_id?: string;
  readonly fields: { readonly [Name in PersonalField]?: readonly [salt: string, value: Json] };
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
  if (!isCommitments(commitments)) return failed('the commitments are not texts by field name');
  return { ok: true, value: { time, trust, core, commitments } };
}

/** Reads the text beside a leaf; an entry without any has no fields. */
export function readDetail(text: string | null): Reading<Detail> {
  if (text === null) return { ok: true, value: { fields: {} } };
  const document = readCanonical(() => text);
  if (!document.ok) return document;
  const { v, fields, decision_id, ...others } = document.value;
  if (v !== ENTRY_VERSION) return failed(`detail version ${JSON.stringify(v ?? null)} is not known`);
  if (Object.keys(others).length > 0) return failed('the detail has an unknown member');
  if (!isFields(fields)) return failed('the fields are not pairs of salt and value by field name');
  if (decision_id === undefined) return { ok: true, value: { fields } };
  if (typeof decision_id !== 'string') return failed('the decision id is not a text');
  return { ok: true, value: { decision_id, fields } };
}

/** An entry as people and programs read it. Values are as stored: whether they are untouched is for `verifyLog`. */
export function readEntry(stored: StoredEntry): Reading<LedgerEntry> {
  const leaf = readLeaf(stored.leaf);
  if (!leaf.ok) return leaf;
  const detail = readDetail(stored.detail);
  if (!detail.ok) return detail;
  const { time, trust, core, commitments } = leaf.value;
  const fields: Partial<Record<PersonalField, Json>> = {};
  const erased: PersonalField[] = [];
  for (const name of fieldNames(commitments)) {
    const pair = detail.value.fields[name];
    if (pair === undefined) erased.push(name);
    else fields[name] = pair[1];
  }
  return { ok: true, value: { index: stored.index, time, trust, core, fields, erased } };
}

/** The detail without the named fields, to be stored in its place; the leaf keeps their commitments. */
export function eraseFromDetail(text: string, names: readonly PersonalField[]): string {
  const detail = readDetail(text);
  if (!detail.ok) throw new TypeError(`cannot erase from this detail: ${detail.message}`);
  const fields = Object.entries(detail.value.fields).filter(([name]) => !names.some((each) => each === name));
  const id = detail.value.decision_id;
  const document: JsonObject = { v: ENTRY_VERSION, fields: Object.fromEntries(fields) };
  return canonicalJson(id === undefined ? document : { ...document, decision_id: id });
}

/** Field names of a leaf or detail, in order. */
export function fieldNames(record: { readonly [Name in PersonalField]?: unknown }): PersonalField[] {
  return Object.keys(record).filter(isPersonalField);
}

function readCanonical(text: () => string): Reading<JsonObject> {
  try {
    const given = text();
    const value: unknown = JSON.parse(given);
    if (!isJsonObject(value)) return failed('it is not a JSON object');
    return canonicalJson(value) === given ? { ok: true, value } : failed('it is not canonical JSON');
  } catch {
    return failed('it is not JSON in UTF-8');
  }
}

function isCore(value: JsonObject): value is JsonObject & EntryCore {
  return isEntryKind(value['kind']);
}

function isCommitments(value: Json | undefined): value is { readonly [Name in PersonalField]?: string } {
  return (
    isJsonObject(value) &&
    Object.entries(value).every(([name, each]) => isPersonalField(name) && typeof each === 'string')
  );
}

function isFields(
  value: Json | undefined,
): value is { readonly [Name in PersonalField]?: readonly [salt: string, value: Json] } {
  return (
    isJsonObject(value) &&
    Object.entries(value).every(([name, pair]) => isPersonalField(name) && isSaltAndValue(pair))
  );
}

function isSaltAndValue(pair: Json): boolean {
  return (
    Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string' && SALT_PATTERN.test(pair[0])
  );
}

function failed(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}
