import { isAscii } from 'node:buffer';
import type { StoredEntry } from '@writ/store';
import { canonicalEnd, membersEnd } from './canonical-scan.ts';
import { ENTRY_KINDS } from './entry.ts';
import { fieldsOfKey, type GroupKey } from './field-groups.ts';
import { commitmentOf, SALT_PATTERN } from './seal.ts';

/** What verifying needs to know of an entry with which nothing is wrong and nothing special. */
export interface PlainFacts {
  readonly time: string;
  readonly cooperative: boolean;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** The form in which entries are written; another RFC 3339 time is left to the reader. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** Kinds as they stand in a leaf; of administrative ones some change what is verified. */
const PLAIN_KINDS: ReadonlySet<string> = new Set(
  ENTRY_KINDS.filter((kind) => kind !== 'administrative').map((kind) => `"${kind}"`),
);
const SALT_LENGTH = 22;

/**
 * Says of an entry, without making values of its texts, that leaf and detail are canonical, of this version, and that
 * everything in the leaf's commitments lies beside it and opens them. Undefined says nothing: `verifyEntry` then reads
 * the entry and finds out. Both are held together by a property test.
 */
export function plainEntry(entry: StoredEntry): PlainFacts | undefined {
  if (entry.detail === null) return undefined;
  const text = textOf(entry.leaf);
  if (text === undefined) return undefined;
  const leaf = plainLeaf(text);
  if (leaf === undefined || !opensAll(entry.detail, leaf)) return undefined;
  return leaf;
}

interface PlainLeaf extends PlainFacts {
  /** The value of `decision_id` as it is written. */
  readonly decisionId: string | undefined;
  /** The commitments as they are written, with their quotation marks. */
  readonly commitments: readonly (readonly [key: GroupKey, commitment: string])[];
}

function textOf(bytes: Uint8Array): string | undefined {
  if (isAscii(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

function plainLeaf(text: string): PlainLeaf | undefined {
  let time: string | undefined;
  let trust: string | undefined;
  let version: string | undefined;
  let kind: string | undefined;
  let decisionId: string | undefined;
  let commitments: PlainLeaf['commitments'] | undefined;
  const end = membersEnd(text, 0, (key, start, stop) => {
    if (key === 'time') time = text.slice(start + 1, stop - 1);
    else if (key === 'trust') trust = text.slice(start, stop);
    else if (key === 'v') version = text.slice(start, stop);
    else if (key === 'kind') kind = text.slice(start, stop);
    else if (key === 'decision_id') decisionId = text.slice(start, stop);
    else if (key === 'commitments') commitments = commitmentsIn(text, start);
  });
  if (end !== text.length || version !== '1' || commitments === undefined) return undefined;
  if (kind === undefined || !PLAIN_KINDS.has(kind)) return undefined;
  if (time === undefined || !TIME.test(time) || Number.isNaN(Date.parse(time))) return undefined;
  if (trust !== '"cooperative"' && trust !== '"enforced"') return undefined;
  if (decisionId !== undefined && !decisionId.startsWith('"')) return undefined;
  return { time, cooperative: trust === '"cooperative"', decisionId, commitments };
}

function commitmentsIn(text: string, from: number): PlainLeaf['commitments'] | undefined {
  const found: (readonly [GroupKey, string])[] = [];
  const end = membersEnd(text, from, (key, start, stop) => {
    found.push([key, text.slice(start, stop)]);
  });
  return end !== -1 && namesEachOnce(found) ? found : undefined;
}

/** Lists of keys that were looked at; most logs have some dozens. */
const knownLists = new Map<string, boolean>();
const KNOWN_LISTS_MAX = 4_096;

function namesEachOnce(commitments: PlainLeaf['commitments']): boolean {
  let list = '';
  for (const [key] of commitments) list += `${key};`;
  const known = knownLists.get(list);
  if (known !== undefined) return known;
  const fields = commitments.map(([key]) => fieldsOfKey(key));
  const all = fields.flatMap((each) => each ?? []);
  const right = fields.every((each) => each !== undefined) && new Set(all).size === all.length;
  if (knownLists.size < KNOWN_LISTS_MAX) knownLists.set(list, right);
  return right;
}

/** Whether the detail is of this decision and holds, in order, exactly the fields that were committed to. */
function opensAll(detail: string, { decisionId, commitments }: PlainLeaf): boolean {
  const begin = decisionId === undefined ? '{"fields":[' : `{"decision_id":${decisionId},"fields":[`;
  if (!detail.startsWith(begin)) return false;
  let at = begin.length;
  for (let index = 0; index < commitments.length; index++) {
    const [key, commitment] = commitments[index] as readonly [GroupKey, string];
    const open = index === 0 ? '["' : ',["';
    if (!detail.startsWith(open, at)) return false;
    const saltAt = at + open.length;
    const salt = detail.slice(saltAt, saltAt + SALT_LENGTH);
    const valuesAt = saltAt + SALT_LENGTH + 2;
    if (!SALT_PATTERN.test(salt) || !detail.startsWith('",', valuesAt - 2)) return false;
    const end = valuesEnd(detail, valuesAt, key);
    if (end === -1 || detail.charCodeAt(end) !== 0x5d) return false;
    if (`"${commitmentOf(salt, detail.slice(valuesAt, end))}"` !== commitment) return false;
    at = end + 1;
  }
  return detail.length === at + END.length && detail.startsWith(END, at);
}

const END = '],"v":1}';

/** The end of an object that has exactly the members that `key` names; -1 where there is none. */
function valuesEnd(text: string, from: number, key: GroupKey): number {
  let at = from;
  for (const name of fieldsOfKey(key) ?? []) {
    const member = `${at === from ? '{' : ','}"${name}":`;
    if (!text.startsWith(member, at)) return -1;
    at = canonicalEnd(text, at + member.length);
    if (at === -1) return -1;
  }
  return text.charCodeAt(at) === 0x7d ? at + 1 : -1;
}
