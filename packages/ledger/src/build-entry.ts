import { canonicalJson, type Json, type JsonObject } from '@writ/decision';
import {
  BUNDLES_MAX,
  CODE_LENGTH_MAX,
  CODES_MAX,
  ENTRY_VERSION,
  type EntryCore,
  isEntryKind,
  LEAF_BYTES_LIMIT,
  type Trust,
} from './entry.ts';
import { fieldsOfKey } from './field-groups.ts';
import type { Sealed, SealedGroup } from './seal.ts';

/** An entry ready to be appended: the bytes hashed into the tree, and the text beside them. */
export interface BuiltEntry {
  readonly leaf: Uint8Array;
  readonly detail: string;
}

/**
 * An entry put together but for when it is written: texts, so that it can travel to the store's worker, which then has
 * little to do.
 */
export interface EntryDraft {
  /** Canonical text of the leaf up to its time. */
  readonly leaf: string;
  readonly detail: string;
}

/** When and under which trust an entry is written: `timeMs` is the transaction's. */
export interface EntryStamp {
  readonly timeMs: number;
  readonly trust: Trust;
}

const encoder = new TextEncoder();

/**
 * Puts an entry together; pure, for use inside procedures. Each field is sealed once (`resealFields` puts what the
 * transaction found in place of what was known before it). The leaf is canonical JSON below 65,535 bytes: codes and
 * bundle names are bounded, everything long is a commitment; a leaf that is larger all the same throws a `RangeError`,
 * so that the call fails and nothing is released.
 */
export function buildEntry(core: EntryCore, sealed: Sealed, stamp: EntryStamp): BuiltEntry {
  return finishEntry(draftEntry(core, sealed), stamp);
}

/** All of `buildEntry` that can be done before the transaction. */
export function draftEntry(core: EntryCore, sealed: Sealed): EntryDraft {
  let commitments = '';
  let texts = '';
  for (const { key, commitment, text } of inOrder(sealed)) {
    const comma = texts === '' ? '' : ',';
    // Keys and base64url need no escapes.
    commitments += `${comma}"${key}":"${commitment}"`;
    texts += comma + text;
  }
  const id = core.decision_id === undefined ? '' : `"decision_id":${canonicalJson(core.decision_id)},`;
  return {
    leaf: leafText(core, `{${commitments}}`),
    detail: `{${id}"fields":[${texts}],"v":${ENTRY_VERSION}}`,
  };
}

/** By key; few, and mostly in order already. */
function inOrder(sealed: Sealed): Sealed {
  return [...sealed].sort((one, other) => (one.key < other.key ? -1 : 1));
}

/** Adds the moment. In canonical order `time`, `trust` and `v` come after every other member of a leaf. */
export function finishEntry(draft: EntryDraft, { timeMs, trust }: EntryStamp): BuiltEntry {
  const time = new Date(timeMs).toISOString();
  const leaf = encoder.encode(`${draft.leaf},"time":"${time}","trust":"${trust}","v":${ENTRY_VERSION}}`);
  if (leaf.byteLength >= LEAF_BYTES_LIMIT) {
    throw new RangeError(
      `the leaf of an entry has ${leaf.byteLength} bytes, at most ${LEAF_BYTES_LIMIT - 1} fit`,
    );
  }
  return { leaf, detail: draft.detail };
}

/** What a draft was made of, for the few entries that the transaction has to say otherwise. */
export function openDraft(draft: EntryDraft): { readonly core: EntryCore; readonly sealed: Sealed } {
  const { commitments, ...core } = JSON.parse(`${draft.leaf}}`);
  const { fields }: { fields: readonly (readonly [salt: string, values: JsonObject])[] } = JSON.parse(
    draft.detail,
  );
  if (!isEntryKind(core.kind)) throw new TypeError('the draft of an entry has no kind');
  const sealed = fields.map(([salt, values]): SealedGroup => {
    const key = Object.keys(values).join(',');
    const commitment = commitments[key];
    if (fieldsOfKey(key) === undefined || typeof commitment !== 'string') {
      throw new TypeError(`the draft of an entry does not commit to \`${key}\``);
    }
    return { key, commitment, text: `["${salt}",${canonicalJson(values)}]` };
  });
  return { core, sealed };
}

/** Canonical text of a leaf without its last members: keys in order, the commitments as text. */
function leafText(core: EntryCore, commitments: string): string {
  let text = '';
  for (const name of [...Object.keys(core), 'commitments'].sort()) {
    const value = name === 'commitments' ? commitments : coreText(core, name as keyof EntryCore);
    if (value !== undefined) text += `${text === '' ? '{' : ','}"${name}":${value}`;
  }
  return text;
}

function coreText(core: EntryCore, name: keyof EntryCore): string | undefined {
  const value = leafMember(core, name);
  return value === undefined ? undefined : canonicalJson(value);
}

/** What a leaf holds of a member of its core: codes and bundles are bounded. */
export function leafMember(core: EntryCore, name: keyof EntryCore): Json | undefined {
  if (name === 'codes') return core.codes?.slice(0, CODES_MAX).map(boundedCode);
  if (name !== 'bundles') return core[name];
  const { bundles } = core;
  return bundles === undefined || Object.keys(bundles).length > BUNDLES_MAX ? undefined : bundles;
}

/** A code comes from a policy and may be any text; one that is cut is marked, so that it is not taken for another. */
function boundedCode(code: string): string {
  return code.length <= CODE_LENGTH_MAX ? code : `${code.slice(0, CODE_LENGTH_MAX - 1).toWellFormed()}…`;
}
