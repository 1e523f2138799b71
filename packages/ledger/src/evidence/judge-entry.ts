import type { Json } from '@writ/decision';
import { isJsonObject, type PersonalField } from '../entry.ts';
import { committedFields } from '../field-groups.ts';
import type { Leaf } from '../read-entry.ts';
import { type Criterion, criteriaOf, type EvidenceQuestion } from './question.ts';

/** Values of fields that were disclosed, by name. */
export type Disclosed = { readonly [Name in PersonalField]?: Json };

/** Why a criterion cannot be held against an entry. */
export const UNKNOWN_REASONS = {
  resources_unknown: 'nothing says which resources the tool reaches: the registry does not describe it',
  not_stated: 'the enforcement point did not say',
  masked: 'the policy of the log masked the field',
  dropped: 'the policy of the log kept nothing beside the entry',
  erased: 'the field was erased',
  withheld: 'the field is not disclosed',
  decision_missing: 'the decision that it belongs to is not in the pack',
} as const;
export type UnknownReason = keyof typeof UNKNOWN_REASONS;

/** How an entry stands to a question. An entry is only excluded by something that the pack shows. */
export type EntryVerdict =
  | { readonly kind: 'match' }
  | { readonly kind: 'excluded'; readonly by: Criterion | 'kind' | 'list' | 'refused' | 'decision' }
  | { readonly kind: 'open'; readonly because: readonly UnknownReason[] };

export interface JudgedEntry {
  readonly leaf: Leaf;
  readonly disclosed: Disclosed;
  /** Whether an entry records that this field was erased. */
  readonly isErased: (field: PersonalField) => boolean;
  /** For a result: the verdict on its decision; undefined where the pack does not hold it. */
  readonly decision: EntryVerdict | undefined;
}

/** Holds an entry against a question, by what is disclosed of it alone. */
export function judgeEntry(question: EvidenceQuestion, entry: JudgedEntry): EntryVerdict {
  const { core } = entry.leaf;
  const acts = core.kind === 'decision' || core.kind === 'result';
  if (question.resource !== undefined) {
    // Only calls reach resources: steps of approval, activations, starts are about calls or about Writ itself.
    if (!acts) return { kind: 'excluded', by: 'kind' };
    if (core.phase === 'list') return { kind: 'excluded', by: 'list' };
  }
  const unknown: UnknownReason[] = [];
  for (const criterion of criteriaOf(question)) {
    const state = holdAgainst(question, criterion, entry, acts);
    if (state === 'differs') return { kind: 'excluded', by: criterion };
    if (state !== 'equal') unknown.push(state);
  }
  if (core.kind === 'result') return judgeResult(entry, unknown);
  if (unknown.length === 0) return { kind: 'match' };
  // What was refused reached nothing, whatever it was.
  if (question.resource !== undefined && core.effect === 'refuse') return { kind: 'excluded', by: 'refused' };
  return { kind: 'open', because: [...new Set(unknown)] };
}

/** What a result does not say itself, the decision that it belongs to says. */
function judgeResult({ decision, leaf }: JudgedEntry, unknown: readonly UnknownReason[]): EntryVerdict {
  if (leaf.core.decision_id !== undefined && decision !== undefined) {
    return decision.kind === 'excluded' ? { kind: 'excluded', by: 'decision' } : decision;
  }
  return unknown.length === 0 ? { kind: 'match' } : { kind: 'open', because: ['decision_missing'] };
}

function holdAgainst(
  question: EvidenceQuestion,
  criterion: Criterion,
  { leaf, disclosed, isErased }: JudgedEntry,
  acts: boolean,
): 'equal' | 'differs' | UnknownReason {
  const { core, commitments } = leaf;
  const value = disclosed[criterion];
  if (core.masked?.includes(criterion) === true) return 'masked';
  if (value !== undefined) return isWanted(question, criterion, value) ? 'equal' : 'differs';
  if (committedFields(commitments).includes(criterion)) return isErased(criterion) ? 'erased' : 'withheld';
  if (core.dropped === true) return 'dropped';
  if (!acts) return 'differs';
  return criterion === 'resources' ? 'resources_unknown' : 'not_stated';
}

function isWanted(question: EvidenceQuestion, criterion: Criterion, value: Json): boolean {
  if (criterion !== 'resources') return value === question[criterion];
  const { resource } = question;
  if (resource === undefined || !Array.isArray(value)) return true;
  return value.some(
    (each: Json) =>
      isJsonObject(each) &&
      each['id'] === resource.id &&
      (resource.type === undefined || each['type'] === undefined || each['type'] === resource.type),
  );
}

/** The verdict in one word or two, as a line of a pack gives it. */
export function verdictText(verdict: EntryVerdict): string {
  switch (verdict.kind) {
    case 'match':
      return 'match';
    case 'excluded':
      return `excluded: ${verdict.by}`;
    case 'open':
      return `cannot be excluded: ${verdict.because.join(', ')}`;
  }
}
