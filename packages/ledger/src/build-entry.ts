import { canonicalJson, type Json, type JsonObject } from '@writ/decision';
import {
  BUNDLES_MAX,
  CODE_LENGTH_MAX,
  CODES_MAX,
  ENTRY_VERSION,
  type EntryCore,
  isEntryKind,
  isPersonalField,
  LEAF_BYTES_LIMIT,
  type Trust,
} from './entry.ts';
import type { Sealed, SealedField } from './seal.ts';

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
 * Puts an entry together; pure, for use inside procedures. Where a field was sealed twice the later one counts (what
 * the transaction found replaces what was known before it). The leaf is canonical JSON below 65,535 bytes: codes and
 * bundle names are bounded, everything long is a commitment; a leaf that is larger all the same throws a `RangeError`,
 * so that the call fails and nothing is released.
 */
export function buildEntry(core: EntryCore, sealed: Sealed, stamp: EntryStamp): BuiltEntry {
  return finishEntry(draftEntry(core, sealed), stamp);
}

/** All of `buildEntry` that can be done before the transaction. */
export function draftEntry(core: EntryCore, sealed: Sealed): EntryDraft {
  const fields = new Map(sealed.map((field) => [field.name, field]));
  const commitments: Record<string, string> = {};
  let texts = '';
  for (const name of [...fields.keys()].sort()) {
    const field = fields.get(name);
    if (field === undefined) continue;
    commitments[name] = field.commitment;
    texts += `${texts === '' ? '' : ','}"${name}":${field.text}`;
  }
  const id = core.decision_id === undefined ? '' : `"decision_id":${canonicalJson(core.decision_id)},`;
  return {
    leaf: canonicalJson(leafDocument(core, commitments)).slice(0, -1),
    detail: `{${id}"fields":{${texts}},"v":${ENTRY_VERSION}}`,
  };
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
  const { fields } = JSON.parse(draft.detail);
  if (!isEntryKind(core.kind)) throw new TypeError('the draft of an entry has no kind');
  const sealed = Object.keys(fields).map((name): SealedField => {
    const commitment = commitments[name];
    if (!isPersonalField(name) || typeof commitment !== 'string') {
      throw new TypeError(`the draft of an entry does not commit to \`${name}\``);
    }
    return { name, commitment, text: canonicalJson(fields[name]) };
  });
  return { core, sealed };
}

function leafDocument(core: EntryCore, commitments: JsonObject): JsonObject {
  const document: Record<string, Json> = { ...present(core), commitments };
  if (core.codes !== undefined) document['codes'] = core.codes.slice(0, CODES_MAX).map(boundedCode);
  if (Object.keys(core.bundles ?? {}).length > BUNDLES_MAX) delete document['bundles'];
  return document;
}

/** A code comes from a policy and may be any text; one that is cut is marked, so that it is not taken for another. */
function boundedCode(code: string): string {
  return code.length <= CODE_LENGTH_MAX ? code : `${code.slice(0, CODE_LENGTH_MAX - 1).toWellFormed()}…`;
}

function present(core: EntryCore): JsonObject {
  const members = Object.entries(core).filter(([, value]) => value !== undefined);
  return Object.fromEntries(members);
}
