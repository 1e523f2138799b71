import { hash } from 'node:crypto';
import { CanonicalWriter, type Json } from '@writ/decision';
import { type EntryDraft, leafMember } from './build-entry.ts';
import { ENTRY_VERSION, type EntryCore, type PersonalField, type PersonalFields } from './entry.ts';
import { FIELD_GROUPS, type GroupKey } from './field-groups.ts';
import type { SaltSource } from './seal.ts';

/**
 * `draftEntry(core, sealFields(fields, saltOf))` in one go, for the entries that are written most: each text is written
 * once, into memory that is used again, and nothing else is left behind. Held to those two by a property test.
 */
export function writeEntry(core: EntryCore, fields: PersonalFields, saltOf: SaltSource): EntryDraft {
  detail.reset();
  leaf.reset();
  commitments.reset();
  detail.ascii('{');
  if (core.decision_id !== undefined) {
    detail.ascii('"decision_id":');
    detail.json(core.decision_id);
    detail.ascii(',');
  }
  detail.ascii('"fields":[');
  commitments.ascii('{');
  let comma = '';
  for (const group of groupsPresent(fields)) {
    detail.ascii(comma);
    const commitment = writeGroup(group, fields, saltOf(group.key));
    commitments.ascii(comma);
    commitments.ascii(group.opening);
    commitments.ascii(commitment);
    commitments.ascii('"');
    comma = ',';
  }
  commitments.ascii('}');
  detail.ascii(ENDING);
  writeLeaf(core);
  return { leaf: textOf(leaf), detail: textOf(detail) };
}

const ENDING = `],"v":${ENTRY_VERSION}}`;

const detail = new CanonicalWriter();
const leaf = new CanonicalWriter(4_096);
const commitments = new CanonicalWriter(2_048);
const hashed = new CanonicalWriter();

/** Writes salt and fields of one group beside the tree; gives what the tree holds of them. */
function writeGroup({ names }: Group, fields: PersonalFields, salt: string): string {
  detail.ascii('["');
  detail.ascii(salt);
  detail.ascii('",');
  const start = detail.length;
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as PersonalField;
    detail.ascii(index === 0 ? '{"' : ',"');
    detail.ascii(name);
    detail.ascii('":');
    detail.json(fields[name] as Json);
  }
  detail.ascii('}');
  hashed.reset();
  hashed.ascii(salt);
  hashed.copy(detail.bytes(start), true);
  detail.ascii(']');
  return hash('sha256', hashed.bytes(), 'base64url');
}

function writeLeaf(core: EntryCore): void {
  let opening = '{"';
  for (const name of LEAF_MEMBERS) {
    if (name === 'commitments') {
      leaf.ascii(`${opening}commitments":`);
      leaf.copy(commitments.bytes(), true);
    } else {
      const value = leafMember(core, name);
      if (value === undefined) continue;
      leaf.ascii(opening);
      leaf.ascii(name);
      leaf.ascii('":');
      leaf.json(value);
    }
    opening = ',"';
  }
}

/** Every member of a leaf before its time, in canonical order. */
const CORE_MEMBERS = {
  kind: true,
  decision_id: true,
  approval_id: true,
  event: true,
  action_type: true,
  phase: true,
  outcome: true,
  effect: true,
  codes: true,
  rules_evaluated: true,
  evaluation_ns: true,
  latency_ns: true,
  engine: true,
  mode: true,
  policy_version: true,
  bundle_digest: true,
  bundles: true,
  clock_stepped_back_ms: true,
  masked: true,
  dropped: true,
  signing_key: true,
  erases: true,
} satisfies Readonly<Record<keyof EntryCore, true>>;
const LEAF_MEMBERS = [...Object.keys(CORE_MEMBERS), 'commitments'].sort() as readonly (
  | keyof EntryCore
  | 'commitments'
)[];

/** The fields of one group that an entry has. */
interface Group {
  readonly key: GroupKey;
  readonly names: readonly PersonalField[];
  /** `"<key>":"`, what stands before the commitment. */
  readonly opening: string;
}

/** The groups of which fields are there, in order of their keys. */
function groupsPresent(fields: PersonalFields): readonly Group[] {
  const present: Group[] = [];
  for (let index = 0; index < FIELD_GROUPS.length; index++) {
    const names = FIELD_GROUPS[index] as readonly PersonalField[];
    let mask = 0;
    for (let each = 0; each < names.length; each++) {
      if (fields[names[each] as PersonalField] !== undefined) mask |= 1 << each;
    }
    if (mask === 0) continue;
    const group = groupOf(index, mask);
    let place = present.length;
    for (; place > 0 && (present[place - 1] as Group).key > group.key; place--)
      present[place] = present[place - 1] as Group;
    present[place] = group;
  }
  return present;
}

/** Groups by their index and which of their fields are there; entries have few different ones. */
const known: (Group | undefined)[][] = FIELD_GROUPS.map(() => []);

function groupOf(index: number, mask: number): Group {
  const groups = known[index] as (Group | undefined)[];
  const before = groups[mask];
  if (before !== undefined) return before;
  const names = (FIELD_GROUPS[index] ?? []).filter((_, each) => (mask & (1 << each)) !== 0);
  const key = names.join(',');
  const group = { key, names, opening: `"${key}":"` };
  groups[mask] = group;
  return group;
}

function textOf(writer: CanonicalWriter): string {
  const bytes = writer.bytes();
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString(writer.isAscii ? 'latin1' : 'utf8');
}
