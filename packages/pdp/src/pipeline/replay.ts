import {
  type DecisionRequest,
  type Json,
  type Outcome,
  type Reason,
  strictest,
  validateRequest,
} from '@writ/decision';
import { type LedgerEntry, type PersonalField, requestFields } from '@writ/ledger';
import type { PolicySet } from '../layers/policy-set.ts';
import { answersRecorded } from './builtin-answers.ts';
import { factsFor } from './gather.ts';
import { memberOf } from './json-member.ts';
import type { Judgement } from './judge.ts';
import { judge } from './judge.ts';
import { resolveRequest } from './resolve-request.ts';

/** What policies say of a call: the outcome, and the codes of the reasons, in order of the alphabet. */
export interface ReplayedVerdict {
  readonly outcome: Outcome;
  readonly codes: readonly string[];
}

/** What becomes of a recorded decision under other policies, or the same. */
export type Replayed =
  /** Policies were not asked then: a list, a refusal before them, an entry of another kind. */
  | { readonly kind: 'not_asked' }
  /** The record does not hold what these policies would have to know; `why` is a sentence. */
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'same'; readonly verdict: ReplayedVerdict }
  | { readonly kind: 'changed'; readonly before: ReplayedVerdict; readonly after: ReplayedVerdict };

/** Longest time for one decision, as when it is decided. */
const DEADLINE_MS = 2_000;

/**
 * Asks policies again about a decision on record: with the request and the state that policies were told, at the time of
 * the decision, and with the numbers that were drawn then. What the commit found beside policies (halts, budgets, rates,
 * approvals) is left out of the comparison: it is no opinion of theirs.
 */
export async function replayDecision(entry: LedgerEntry, set: PolicySet): Promise<Replayed> {
  const { core, fields } = entry;
  if (core.kind !== 'decision' || core.phase !== 'call' || core.rules_evaluated === undefined)
    return { kind: 'not_asked' };
  const gone = whatIsGone(entry);
  if (gone !== undefined) return { kind: 'unknown', why: gone };
  const request = requestOf(entry);
  if (request === undefined) return { kind: 'unknown', why: 'the entry holds no whole request' };
  const resolved = resolveRequest(request, set.registry, {});
  if (!resolved.ok) return compare(entry, { outcome: 'deny', codes: [resolved.code] });
  // What is gathered stands in the record as policies were told it.
  const { context, environment } = request;
  const told: DecisionRequest = {
    ...resolved.request,
    ...(context === undefined ? {} : { context }),
    ...(environment === undefined ? {} : { environment }),
  };
  const missing = notGathered(set, told, fields.gathered);
  if (missing !== undefined) return { kind: 'unknown', why: missing };
  const drawn = answersRecorded(fields.nd_builtin_cache);
  if (drawn.masked.length > 0)
    return { kind: 'unknown', why: `what ${drawn.masked.join(', ')} answered is not on record` };
  const nowMs = Date.parse(environment?.time ?? entry.time);
  const ask = (appealing: boolean, approved?: readonly Reason[]): Promise<Judgement> =>
    judge(told, {
      policies: set,
      nowMs,
      deadlineMs: DEADLINE_MS,
      duties: resolved.duties,
      nondeterministic: drawn.cache.copy(),
      ...(approved === undefined ? {} : { approved }),
      ...(appealing ? { appealing } : {}),
    });
  const plain = await ask(false);
  // A denial that was appealed is on record as what the appeal made of it.
  const appealing = plain.combined.appealable && core.outcome !== 'deny';
  const first = appealing ? await ask(true) : plain;
  const lifted = liftedBy(entry, first);
  const { combined } = lifted.length === 0 ? first : await ask(appealing, lifted);
  return compare(entry, verdictOf(combined.outcome, combined.reasons));
}

/** Nobody had to be asked: by policy, or because a standing permission answered. */
const NOBODY_ASKED: readonly string[] = ['approval_not_needed', 'standing_permission'];

/** The escalations that an approval lifted then, by their codes, or that needed nobody. */
function liftedBy({ core, fields }: LedgerEntry, { combined }: Judgement): readonly Reason[] {
  if (combined.outcome !== 'escalate') return [];
  const isLifted = NOBODY_ASKED.some((code) => core.codes?.includes(code) === true);
  if (isLifted) return combined.escalations;
  const approval = memberOf(fields.context, 'approval');
  const codes = memberOf(approval, 'codes');
  if (!Array.isArray(codes)) return [];
  return combined.escalations.filter(({ code }) => (codes as readonly Json[]).includes(code));
}

function compare(entry: LedgerEntry, after: ReplayedVerdict): Replayed {
  const before = recordedVerdict(entry);
  const same = before.outcome === after.outcome && before.codes.join(' ') === after.codes.join(' ');
  return same ? { kind: 'same', verdict: after } : { kind: 'changed', before, after };
}

/** Codes that the commit puts before what policies said. */
const FOUND_IN_COMMIT: ReadonlySet<string> = new Set([
  'actor_revoked',
  'appeal_not_needed',
  'approval_arguments_changed',
  'approval_cancelled',
  'approval_expired',
  'approval_form_changed',
  'approval_mismatch',
  'approval_not_needed',
  'approval_pending',
  'approval_unknown',
  'approval_used',
  'approval_wrong_caller',
  'budget_exhausted',
  'circuit_open',
  'clock_stepped_back',
  'halted',
  'human_rejected',
  'idempotency_mismatch',
  'override_expired',
  'override_invalid',
  'override_revoked',
  'parent_revoked',
  'principal_revoked',
  'rate_limited',
  'standing_permission',
  'state_conflict',
]);

/** What policies said then. Where the commit found something else first, their outcome is that of their reasons. */
function recordedVerdict({ core, fields }: LedgerEntry): ReplayedVerdict {
  const reasons = (Array.isArray(fields.reasons) ? fields.reasons : []) as unknown as readonly Reason[];
  const theirs = reasons.filter(({ code, bundle }) => bundle !== undefined || !FOUND_IN_COMMIT.has(code));
  const outcome = core.outcome as Outcome;
  if (theirs.length === reasons.length) return verdictOf(outcome, theirs);
  return verdictOf(strictest(theirs.map((reason) => reason.outcome ?? 'allow')), theirs);
}

function verdictOf(outcome: Outcome, reasons: readonly Reason[]): ReplayedVerdict {
  const codes = reasons.map(({ code }) => code).filter((code) => !NOBODY_ASKED.includes(code));
  return { outcome, codes: [...new Set(codes)].sort() };
}

/** Fields without which no request can be put together again. */
const NEEDED: readonly PersonalField[] = ['principal', 'actor', 'reasons'];

function whatIsGone({ core, erased, fields }: LedgerEntry): string | undefined {
  if (core.dropped === true) return "the log's policy kept nothing of it";
  if (erased.length > 0) return `erased: ${erased.join(', ')}`;
  if (core.masked !== undefined) return `masked: ${core.masked.join(', ')}`;
  const missing = NEEDED.filter((name) => fields[name] === undefined);
  return missing.length === 0 ? undefined : `not on record: ${missing.join(', ')}`;
}

/** A fact of the state that these policies read and that was not gathered then. */
function notGathered(
  set: PolicySet,
  request: DecisionRequest,
  gathered: Json | undefined,
): string | undefined {
  const paths = new Set(Array.isArray(gathered) ? (gathered as readonly Json[]) : []);
  const missing = factsFor(set.readsOf(request)?.input).filter((fact) => !paths.has(`context.${fact}`));
  return missing.length === 0
    ? undefined
    : `these policies read ${missing.map((fact) => `context.${fact}`).join(', ')}, which was not gathered then`;
}

/** The request as policies were asked about it; undefined where the fields do not make one. */
function requestOf(entry: LedgerEntry): DecisionRequest | undefined {
  const read = validateRequest(requestFields(entry));
  return read.ok ? read.value : undefined;
}
