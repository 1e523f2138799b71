import {
  type ActionResult,
  type Combined,
  type Completion,
  combine,
  type DecisionRequest,
  type Obligation,
  permits,
  type Reason,
  redactResult,
} from '@writ/decision';
import { consult } from '../layers/consult.ts';
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
}

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
  const ask = (about: ActionResult): Promise<Combined> =>
    opinionOn(set, { ...told, result: about }, nowMs, deadlineAt);
  const first = await ask(result);
  if (first.outcome !== 'sanitize') return verdictOf(first, first.reasons, mode);
  const redacted = redactResult(result, first.obligations);
  if (!redacted.ok) return denied({ code: redacted.code, message: redacted.message }, mode);
  if (!redacted.changed) return verdictOf(first, first.reasons, mode);
  const second = await ask(redacted.value);
  if (!permits(second.outcome)) return verdictOf(second, [...second.reasons, ...first.reasons], mode);
  const again = redactResult(redacted.value, second.obligations);
  if (again.ok && !again.changed) return verdictOf(first, first.reasons, mode);
  return denied(
    { code: 'sanitize_unstable', message: 'the redacted result would have to be redacted again' },
    mode,
  );
}

async function opinionOn(
  set: PolicySet,
  request: DecisionRequest,
  nowMs: number,
  deadlineAt: number,
): Promise<Combined> {
  const deadlineMs = Math.max(0, deadlineAt - performance.now());
  const timeNs = BigInt(nowMs) * 1_000_000n;
  const { opinions } = await consult(set, request, { deadlineMs, timeNs, phase: 'result' });
  const { tool } = request.action;
  return combine(opinions, {
    phase: 'result',
    nowMs,
    subject: {
      principal: request.principal.id,
      actor: request.actor.id,
      ...(tool === undefined ? {} : { tool }),
    },
  });
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
