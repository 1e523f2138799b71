import { canonicalJson } from '@writ/decision';
import type { StoredEntry } from '@writ/store';
import type { PersonalField } from './entry.ts';
import { fieldNames, type Leaf, readDetail, readLeaf } from './read-entry.ts';
import { commitmentOf } from './seal.ts';

/** What one entry says, and what is wrong with it by itself. */
export interface EntryFindings {
  readonly leaf?: Leaf;
  readonly decisionId?: string;
  /** Committed fields whose values are not there: erased, which an entry must say, or removed. */
  readonly missing: readonly PersonalField[];
  /** Why leaf or detail cannot be what was written. */
  readonly leafFault?: string;
  readonly detailFault?: string;
}

/** Reads an entry and holds its detail against the commitments in its leaf. */
export function verifyEntry(entry: StoredEntry): EntryFindings {
  const leaf = readLeaf(entry.leaf);
  const detail = readDetail(entry.detail);
  // The leaf may be what was changed; the detail then still tells which decision it was.
  const decisionId =
    (leaf.ok ? leaf.value.core.decision_id : undefined) ?? (detail.ok ? detail.value.decision_id : undefined);
  const known = decisionId === undefined ? {} : { decisionId };
  if (!leaf.ok) return { ...known, missing: [], leafFault: leaf.message };
  const read = { ...known, leaf: leaf.value };
  if (!detail.ok) return { ...read, missing: [], detailFault: detail.message };
  const { fields, decision_id } = detail.value;
  if (entry.detail !== null && decision_id !== leaf.value.core.decision_id) {
    return { ...read, missing: [], detailFault: 'the decision id is not the one in the tree' };
  }
  const { commitments } = leaf.value;
  const stray = fieldNames(fields).find((name) => commitments[name] === undefined);
  if (stray !== undefined)
    return { ...read, missing: [], detailFault: `the field \`${stray}\` was not committed to` };
  const missing: PersonalField[] = [];
  for (const name of fieldNames(commitments)) {
    const pair = fields[name];
    if (pair === undefined) missing.push(name);
    else if (commitmentOf(pair[0], canonicalJson(pair[1])) !== commitments[name]) {
      return { ...read, missing, detailFault: `the field \`${name}\` is not what was committed to` };
    }
  }
  return { ...read, missing };
}
