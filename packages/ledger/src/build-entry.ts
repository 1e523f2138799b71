import { canonicalJson, type Json, type JsonObject } from '@writ/decision';
import {
  BUNDLES_MAX,
  CODE_LENGTH_MAX,
  CODES_MAX,
  ENTRY_VERSION,
  type EntryCore,
  LEAF_BYTES_LIMIT,
  type Trust,
} from './entry.ts';
import type { Sealed } from './seal.ts';

/** An entry ready to be appended: the bytes hashed into the tree, and the text beside them. */
export interface BuiltEntry {
  readonly leaf: Uint8Array;
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
  const fields = new Map(sealed.map((field) => [field.name, field]));
  const commitments: Record<string, string> = {};
  const texts: string[] = [];
  for (const name of [...fields.keys()].sort()) {
    const field = fields.get(name);
    if (field === undefined) continue;
    commitments[name] = field.commitment;
    texts.push(`"${name}":${field.text}`);
  }
  const leaf = encoder.encode(canonicalJson(leafDocument(core, commitments, stamp)));
  if (leaf.byteLength >= LEAF_BYTES_LIMIT) {
    throw new RangeError(
      `the leaf of an entry has ${leaf.byteLength} bytes, at most ${LEAF_BYTES_LIMIT - 1} fit`,
    );
  }
  const id = core.decision_id === undefined ? '' : `"decision_id":${canonicalJson(core.decision_id)},`;
  return { leaf, detail: `{${id}"fields":{${texts.join(',')}},"v":${ENTRY_VERSION}}` };
}

function leafDocument(core: EntryCore, commitments: JsonObject, stamp: EntryStamp): JsonObject {
  const document: Record<string, Json> = {
    ...present(core),
    v: ENTRY_VERSION,
    time: new Date(stamp.timeMs).toISOString(),
    trust: stamp.trust,
    commitments,
  };
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
