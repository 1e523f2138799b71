/** What a pack of evidence is about: who and what, and when. Absent members ask nothing. */
export interface EvidenceQuestion {
  readonly tenant?: string;
  readonly principal?: string;
  readonly actor?: string;
  readonly session?: string;
  readonly resource?: { readonly id: string; readonly type?: string };
  /** RFC 3339 instants in UTC with milliseconds: from inclusive, to exclusive. */
  readonly from: string;
  readonly to: string;
}

/** Criteria in the order in which an entry is held against them: what tells least about other people first. */
export const CRITERIA = ['tenant', 'actor', 'resources', 'session', 'principal'] as const;
export type Criterion = (typeof CRITERIA)[number];

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Reads a bound of the time asked about: an instant (RFC 3339, with its zone) or a day in UTC. A day as `from` means
 * its beginning, as `to` its end, so that `--from 2026-03-14 --to 2026-03-14` is that day. Undefined where it is
 * neither.
 */
export function readBound(text: string, side: 'from' | 'to'): string | undefined {
  if (!DAY.test(text) && !INSTANT.test(text)) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return undefined;
  const isDay = DAY.test(text);
  // Date.parse takes 2026-02-31 for a day in March.
  if (isDay && new Date(ms).toISOString().slice(0, 10) !== text) return undefined;
  return new Date(isDay && side === 'to' ? ms + DAY_MS : ms).toISOString();
}

/** The criteria that a question has. */
export function criteriaOf(question: EvidenceQuestion): readonly Criterion[] {
  return CRITERIA.filter((name) => wantedOf(question, name) !== undefined);
}

/** What the question wants of a criterion. */
export function wantedOf(
  question: EvidenceQuestion,
  criterion: Criterion,
): string | EvidenceQuestion['resource'] {
  return criterion === 'resources' ? question.resource : question[criterion];
}
