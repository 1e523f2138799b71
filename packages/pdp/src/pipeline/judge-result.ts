import {
  type ActionResult,
  type Combined,
  type CombineOptions,
  type Completion,
  combine,
  type DecisionRequest,
  type Json,
  type Obligation,
  permits,
  type Reason,
  redactResult,
} from '@writ/decision';
import { consult } from '../layers/consult.ts';
import { type Observed, observedAmong, observedNote } from '../layers/observed.ts';
import type { PolicySet } from '../layers/policy-set.ts';
import type { Core } from './core.ts';
import { effectOf } from './effect.ts';
import { gather, subjectOf, withGathered } from './gather.ts';

/** The verdict on a result, with what it takes to give it again for the same result. */
export interface ResultVerdict {
  readonly effect: Completion['effect'];
  readonly outcome: Completion['outcome'];
  readonly reasons: readonly Reason[];
  readonly obligations: readonly Obligation[];
  /** What output policies that only observe said of the result as it came. */
  readonly observed?: Json;
}

/** The verdict where no output policy has a say. */
export const NO_VERDICT: ResultVerdict = Object.freeze({
  effect: 'proceed',
  outcome: 'allow',
  reasons: [],
  obligations: [],
});

/**
 * What the output policies say about a result. Escalation and step-up cannot be carried out after the fact: they keep
 * the result back. A redacted result is asked about again, and must need no further redaction.
 */
export async function judgeResult(
  core: Core,
  set: PolicySet | undefined,
  asked: DecisionRequest | undefined,
  result: ActionResult,
  mode: 'enforce' | 'observe',
): Promise<ResultVerdict> {
  if (set === undefined)
    return denied({ code: 'policy_engine_unavailable', message: 'no policies are active' }, mode);
  if (asked === undefined && !core.factsOf(set).mustJudgeResults) return NO_VERDICT;
  if (asked === undefined) {
    const message = 'an output policy became active after the call was decided';
    return denied({ code: 'policy_error', message }, mode);
  }
  const nowMs = core.clock.nowMs();
  const facts = core.factsOf(set);
  const request: DecisionRequest = { ...asked, action: { ...asked.action, phase: 'result' } };
  const gathered = await gather(
    core.store,
    facts.needs(request).facts,
    subjectOf(request),
    facts.budgets,
    nowMs,
  );
  const told = withGathered(request, gathered, new Date(nowMs).toISOString());
  const deadlineAt = performance.now() + core.limits.decisionMs;
  const ask = (about: ActionResult): Promise<Opined> =>
    opinionOn(set, { ...told, result: about }, nowMs, deadlineAt);
  const first = await ask(result);
  const verdict = await verdictAfter(first, result, ask, mode);
  return first.observed === undefined ? verdict : { ...verdict, observed: observedNote(first.observed) };
}

/** The verdict on a result from what was said of it as it came; a redacted one is asked about again. */
async function verdictAfter(
  { combined: first }: Opined,
  result: ActionResult,
  ask: (about: ActionResult) => Promise<Opined>,
  mode: 'enforce' | 'observe',
): Promise<ResultVerdict> {
  if (first.outcome !== 'sanitize') return verdictOf(first, first.reasons, mode);
  const redacted = redactResult(result, first.obligations);
  if (!redacted.ok) return denied({ code: redacted.code, message: redacted.message }, mode);
  if (!redacted.changed) return verdictOf(first, first.reasons, mode);
  const { combined: second } = await ask(redacted.value);
  if (!permits(second.outcome)) return verdictOf(second, [...second.reasons, ...first.reasons], mode);
  const again = redactResult(redacted.value, second.obligations);
  if (again.ok && !again.changed) return verdictOf(first, first.reasons, mode);
  return denied(
    { code: 'sanitize_unstable', message: 'the redacted result would have to be redacted again' },
    mode,
  );
}

interface Opined {
  readonly combined: Combined;
  readonly observed?: Observed | undefined;
}

async function opinionOn(
  set: PolicySet,
  request: DecisionRequest,
  nowMs: number,
  deadlineAt: number,
): Promise<Opined> {
  const deadlineMs = Math.max(0, deadlineAt - performance.now());
  const timeNs = BigInt(nowMs) * 1_000_000n;
  const { opinions } = await consult(set, request, { deadlineMs, timeNs, phase: 'result' });
  const { tool } = request.action;
  const combining: CombineOptions = {
    phase: 'result',
    nowMs,
    subject: {
      principal: request.principal.id,
      actor: request.actor.id,
      ...(tool === undefined ? {} : { tool }),
    },
  };
  return { combined: combine(opinions, combining), observed: observedAmong(opinions, combining) };
}

function verdictOf(
  combined: Combined,
  reasons: readonly Reason[],
  mode: 'enforce' | 'observe',
): ResultVerdict {
  const { outcome, obligations } = combined;
  // Observed results go through as they came.
  const kept = mode === 'observe' ? [] : obligations;
  return { effect: effectOf(outcome, reasons, mode), outcome, reasons, obligations: kept };
}

function denied(reason: Reason, mode: 'enforce' | 'observe'): ResultVerdict {
  const reasons = [{ ...reason, outcome: 'deny' as const }];
  return { effect: effectOf('deny', reasons, mode), outcome: 'deny', reasons, obligations: [] };
}
