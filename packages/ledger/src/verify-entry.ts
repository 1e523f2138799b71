import type { StoredEntry } from '@writ/store';
import type { PersonalField } from './entry.ts';
import { fieldsOfKey } from './field-groups.ts';
import { type Leaf, readDetail, readLeaf } from './read-entry.ts';
import { opensCommitment } from './seal.ts';

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
  const { groups, decision_id } = detail.value;
  if (entry.detail !== null && decision_id !== leaf.value.core.decision_id) {
    return { ...read, missing: [], detailFault: 'the decision id is not the one in the tree' };
  }
  const { commitments } = leaf.value;
  for (const key of groups.keys()) {
    if (commitments[key] !== undefined) continue;
    return { ...read, missing: [], detailFault: `${quoted(key)} was not committed to` };
  }
  const missing: PersonalField[] = [];
  for (const key of Object.keys(commitments)) {
    const group = groups.get(key);
    if (group === undefined) missing.push(...(fieldsOfKey(key) ?? []));
    else if (!opensCommitment(commitments[key] as string, group.salt, group.values)) {
      return { ...read, missing, detailFault: `${quoted(key)} is not what was committed to` };
    }
  }
  return { ...read, missing: missing.sort() };
}

/** The fields of a group as a message names them. */
function quoted(key: string): string {
  const names = key.split(',').map((name) => `\`${name}\``);
  return names.length === 1 ? `the field ${names[0]}` : `one of the fields ${names.join(', ')}`;
}
