import {
  type AppliedLift,
  acceptsDecideCall,
  type ConsultedOpinion,
  LAYERS,
  type Reason,
  type ReasonCode,
  strictest,
  validateDecideCall,
} from '@writ/decision';
import { admit } from './admit.ts';
import { type CallerIdentity, refusedClaim } from './caller.ts';
import type { Core } from './core.ts';
import { readFault } from './faults.ts';
import { gather, subjectOf, withGathered } from './gather.ts';
import { judge } from './judge.ts';
import { resolveRequest } from './resolve-request.ts';
import type { ExplainedOpinion, ExplainedOverride, Explanation } from './service.ts';

/** Each entrypoint's opinion about a call, under the policies and the state of this moment. Decides and writes nothing. */
export async function explain(core: Core, caller: CallerIdentity, given: unknown): Promise<Explanation> {
  const admitted = admit(given, validateDecideCall, acceptsDecideCall);
  if (!admitted.ok) return refused(admitted.code, admitted.message);
  const { request } = admitted.call;
  const claim = refusedClaim(caller, request);
  if (claim !== undefined) return refused('assertion_not_permitted', claim);
  const hold = core.source.hold();
  if (hold === undefined) return refused('policy_engine_unavailable', 'no policies are active');
  try {
    const { set } = hold;
    const resolved = resolveRequest(request, set.registry, core.environment);
    if (!resolved.ok) return refused(resolved.code, resolved.message);
    const facts = core.factsOf(set);
    const nowMs = core.clock.nowMs();
    const needs = facts.needs(resolved.request).facts;
    const gathered = await gather(core.store, needs, subjectOf(resolved.request), facts.budgets, nowMs);
    const told = withGathered(resolved.request, gathered, new Date(nowMs).toISOString());
    const judged = await judge(told, {
      policies: set,
      nowMs,
      deadlineMs: core.limits.decisionMs,
      duties: resolved.duties,
    });
    const { outcome, reasons, granted, obligations, lifted } = judged.combined;
    return {
      outcome,
      reasons,
      opinions: judged.opinions.map(explained).toSorted(byLayer),
      granted,
      overridden: lifted.overridden.map(overridden),
      obligations,
      ...(judged.observed === undefined ? {} : { outcome_if_counted: judged.observed.outcomeIfCounted }),
      request: judged.request,
    };
  } catch (thrown) {
    const fault = readFault(thrown);
    return refused(fault.code, fault.message);
  } finally {
    hold.release();
  }
}

function refused(code: ReasonCode, message: string): Explanation {
  return { outcome: 'deny', reasons: [{ code, message, outcome: 'deny' }], ...NOTHING_ASKED };
}

const NOTHING_ASKED = { opinions: [], granted: false, overridden: [], obligations: [] } as const;

function byLayer(left: ExplainedOpinion, right: ExplainedOpinion): number {
  return LAYERS.indexOf(left.layer) - LAYERS.indexOf(right.layer);
}

function overridden({ lift, by }: AppliedLift): ExplainedOverride {
  const { bundle, code, outcome, approved_by, expires } = lift;
  return { bundle, code, outcome, approved_by, expires, stated_in: by.rule };
}

function explained({ opinion, ...from }: ConsultedOpinion): ExplainedOpinion {
  if (opinion.kind === 'identity' || opinion.kind === 'lifts')
    return { ...from, opinion: opinion.kind, reasons: [] };
  if (opinion.kind === 'none') {
    const reasons: Reason[] = opinion.undefined
      ? [{ code: 'policy_undefined', message: 'the rule is undefined for this input' }]
      : [...opinion.notes];
    return { ...from, opinion: 'none', reasons };
  }
  const reasons = opinion.parts.flatMap((part) =>
    part.reasons.map((reason) => ({ ...reason, outcome: part.outcome })),
  );
  return { ...from, opinion: strictest(opinion.parts.map((part) => part.outcome)), reasons };
}
