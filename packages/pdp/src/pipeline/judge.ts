import {
  type Combined,
  type CombineOptions,
  type ConsultedOpinion,
  combine,
  type DecisionRequest,
  type JsonObject,
  type Obligation,
  type Outcome,
  type Reason,
  reasonIdentity,
  redactArguments,
  STRICTNESS,
  stricter,
} from '@writ/decision';
import type { NondeterministicCache } from '@writ/rego';
import type { EngineRule } from '../engine/engine.ts';
import { consult } from '../layers/consult.ts';
import { type Observed, observedAmong } from '../layers/observed.ts';
import type { PolicySet } from '../layers/policy-set.ts';
import { NO_DUTIES, type RegistryDuties, withStepUpMethod } from './registry-duties.ts';
import { resolveAction } from './resolve-request.ts';

/** What judging needs beside the request. */
export interface JudgeOptions {
  readonly policies: PolicySet;
  readonly nowMs: number;
  readonly deadlineMs: number;
  /** What the registry asks of the call. */
  readonly duties?: RegistryDuties;
  /** Reasons that an approval for exactly this call was asked for. */
  readonly approved?: readonly Reason[];
  /** Denials that offer an appeal count as escalations. */
  readonly appealing?: boolean;
  /** What builtins that draw or ask answered: taken from it, and noted in it. */
  readonly nondeterministic?: NondeterministicCache;
}

/** What policies say about a request, redactions applied and asked about again. */
export interface Judgement {
  readonly combined: Combined;
  readonly opinions: readonly ConsultedOpinion[];
  /** The request as policies saw it last: enriched by the identity layer, with redacted arguments. */
  readonly request: DecisionRequest;
  /** Arguments that may be forwarded; absent where the action has none. */
  readonly forwardedArgs?: JsonObject;
  readonly rules: readonly EngineRule[];
  readonly rulesEvaluated: number;
  readonly evaluationNs: number;
  /** What entrypoints that only observe said; absent where none was asked. */
  readonly observed?: Observed;
}

/**
 * Asks all layers and combines. Where a redaction comes back, the redacted form is asked about again under the same
 * policies: only a form that is redacted no further goes on (`sanitize_unstable` otherwise), and the stricter of both
 * verdicts counts. The one decision that follows is about the redacted form.
 */
export async function judge(request: DecisionRequest, options: JudgeOptions): Promise<Judgement> {
  const first = await judgeOnce(request, options);
  const args = request.action.args;
  if (args === undefined) return first;
  const { outcome, obligations } = first.combined;
  if (outcome === 'deny' || outcome === 'step_up') return { ...first, forwardedArgs: args };
  const redacted = redactArguments(args, obligations);
  if (!redacted.ok) return withDenial(first, redacted.code, redacted.message);
  if (!redacted.changed) return { ...first, forwardedArgs: args };
  return judgeRedacted(first, redacted.value, options);
}

async function judgeOnce(request: DecisionRequest, options: JudgeOptions): Promise<Judgement> {
  const { policies, deadlineMs, nowMs, approved, appealing, duties = NO_DUTIES } = options;
  const { phase } = request.action;
  const timeNs = BigInt(nowMs) * 1_000_000n;
  const consulted = await consult(policies, request, {
    deadlineMs,
    timeNs,
    phase,
    ...(options.nondeterministic === undefined ? {} : { nondeterministic: options.nondeterministic }),
  });
  const tool = consulted.request.action.tool;
  const opinions = [...withStepUpMethod(consulted.opinions, duties.stepUpMethod), ...duties.opinions];
  const combining: CombineOptions = {
    phase,
    nowMs,
    subject: {
      principal: request.principal.id,
      actor: request.actor.id,
      ...(tool === undefined ? {} : { tool }),
    },
    ...(approved === undefined ? {} : { approved }),
    ...(appealing === undefined ? {} : { appealing }),
  };
  const { rules, rulesEvaluated, evaluationNs } = consulted;
  const observed = observedAmong(opinions, combining);
  return {
    combined: combine(opinions, combining),
    opinions,
    request: consulted.request,
    rules,
    rulesEvaluated,
    evaluationNs,
    ...(observed === undefined ? {} : { observed }),
  };
}

async function judgeRedacted(first: Judgement, args: JsonObject, options: JudgeOptions): Promise<Judgement> {
  const verified = first.request.context?.step_up_verified === true;
  const resolved = resolveAction({ ...first.request.action, args }, options.policies.registry, verified);
  if (!resolved.ok) return withDenial(first, resolved.code, resolved.message);
  const asked = { ...options, duties: resolved.duties };
  const second = await judgeOnce({ ...first.request, action: resolved.action }, asked);
  const again = redactArguments(args, second.combined.obligations);
  const both: Judgement = {
    ...second,
    combined: strictestOf(first.combined, second.combined),
    forwardedArgs: args,
    rules: [...first.rules, ...second.rules],
    rulesEvaluated: first.rulesEvaluated + second.rulesEvaluated,
    evaluationNs: first.evaluationNs + second.evaluationNs,
  };
  if (!again.ok) return withDenial(both, again.code, again.message);
  if (again.changed) {
    return withDenial(both, 'sanitize_unstable', 'the redacted form would have to be redacted again');
  }
  return both;
}

/** Two verdicts about one call: the stricter outcome, the reasons and obligations of both. */
function strictestOf(first: Combined, second: Combined): Combined {
  const outcome = stricter(first.outcome, second.outcome);
  const leading = STRICTNESS[second.outcome] > STRICTNESS[first.outcome] ? second : first;
  const trailing = leading === first ? second : first;
  const reasons = uniteReasons(leading.reasons, trailing.reasons);
  // A step-up is the second's alone, with all ways that it asks for: a first verdict of that kind is not redacted.
  return {
    ...leading,
    outcome,
    reasons,
    granted: first.granted && second.granted,
    obligations: uniteObligations(first.obligations, second.obligations),
    escalations: uniteReasons(first.escalations, second.escalations),
    lifted: {
      approved: uniteReasons(first.lifted.approved, second.lifted.approved),
      overridden: [...first.lifted.overridden, ...second.lifted.overridden],
    },
    appealed: uniteReasons(first.appealed, second.appealed),
  };
}

function uniteReasons(left: readonly Reason[], right: readonly Reason[]): readonly Reason[] {
  const united = new Map<string, Reason>();
  for (const reason of [...left, ...right]) {
    const key = `${reason.outcome} ${reasonIdentity(reason)}`;
    if (!united.has(key)) united.set(key, reason);
  }
  return [...united.values()].toSorted((a, b) => strictnessOf(b.outcome) - strictnessOf(a.outcome));
}

function strictnessOf(outcome: Outcome | undefined): number {
  return outcome === undefined ? 0 : STRICTNESS[outcome];
}

function uniteObligations(left: readonly Obligation[], right: readonly Obligation[]): readonly Obligation[] {
  const seen = new Set(left.map((each) => JSON.stringify(each)));
  const taken = new Set(left.map((each) => each.id));
  const added = right
    .filter((each) => !seen.has(JSON.stringify(each)))
    .map((each) => {
      let id = each.id;
      for (let number = 2; taken.has(id); number++) id = `${each.id}-${number}`;
      taken.add(id);
      return { ...each, id };
    });
  return [...left, ...added];
}

/** A judgement that Writ itself turns into a denial, with the reason first. */
export function withDenial(judgement: Judgement, code: string, message: string): Judgement {
  const reason: Reason = { code, message, outcome: 'deny' };
  const { step_up: _asked, step_up_methods: _methods, ...combined } = judgement.combined;
  return { ...judgement, combined: { ...combined, outcome: 'deny', reasons: [reason, ...combined.reasons] } };
}
