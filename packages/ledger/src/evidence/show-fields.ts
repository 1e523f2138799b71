import type { PersonalField, PersonalFields } from '../entry.ts';
import { fieldsOfKey } from '../field-groups.ts';
import type { Detail } from '../read-entry.ts';
import type { Disclosed, EntryVerdict } from './judge-entry.ts';
import type { ShownFields } from './pack.ts';
import { CRITERIA, type EvidenceQuestion } from './question.ts';

/** What helps to look further into a call that cannot be excluded. */
const SHOWN_OF_OPEN: readonly PersonalField[] = ['tool', 'server', 'operation', 'capability'];

/**
 * What a pack shows of an entry: all fields of one that matches; of another only those that are committed to together
 * with the one that excludes it, so that an answer about one person tells as little as it can about others.
 */
export function showFields(
  question: EvidenceQuestion,
  groups: Detail['groups'],
  verdict: EntryVerdict,
): ShownFields {
  const names = shownNames(question, verdict);
  const shown: [string, PersonalFields][] = [];
  for (const [key, { salt, values }] of groups) {
    if (names === 'all' || fieldsOfKey(key)?.some((name) => names.includes(name)) === true)
      shown.push([salt, values]);
  }
  return shown;
}

function shownNames(question: EvidenceQuestion, verdict: EntryVerdict): readonly PersonalField[] | 'all' {
  if (verdict.kind === 'match') return 'all';
  if (verdict.kind === 'open') {
    const asked = CRITERIA.filter((name) =>
      name === 'resources' ? question.resource !== undefined : question[name] !== undefined,
    );
    return [...asked, ...SHOWN_OF_OPEN];
  }
  return CRITERIA.filter((name) => name === verdict.by);
}

/** The values of fields, without their salts. */
export function valuesOf(fields: ShownFields): Disclosed {
  return Object.assign({}, ...fields.map(([, values]) => values));
}

/** All fields that lie beside an entry, with their salts. */
export function allFields(groups: Detail['groups']): ShownFields {
  return [...groups.values()].map(({ salt, values }) => [salt, values]);
}
