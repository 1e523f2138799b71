import { type DecideCall, type DecisionRequest, permits } from '@writ/decision';
import { coversCall, hasLeft, type StandingCall, type StandingState, standingOf } from '@writ/state';
import { type Attempt, forwardedHashOf, type Standing } from './attempt.ts';
import type { Judgement } from './judge.ts';
import { hashArgs } from './resolve-request.ts';

/**
 * The standing permission that covers an escalated call and has one left; of several the one that ends first. `lift`
 * judges anew with the escalate reasons lifted, as an approval of exactly this call would: what policies then do not
 * permit, or would forward in another form, is not covered.
 */
export async function findStanding(
  attempt: Attempt,
  judgement: Judgement,
  request: DecisionRequest,
  lift: () => Promise<Judgement>,
): Promise<Standing | undefined> {
  const { core, call } = attempt;
  const { outcome, escalations, appealed } = judgement.combined;
  if (outcome !== 'escalate' || call.appeal !== undefined) return undefined;
  const nowMs = core.clock.nowMs();
  const codes = escalations.map(({ code }) => code);
  const asked = { ...standingCall(call, request, judgement), codes, appealed: appealed.length > 0 };
  const found = (await standingOf(core.store, asked.tenant))
    .filter(([, state]) => hasLeft(state, asked.amount, nowMs) && coversCall(state.grant, asked))
    .toSorted(([, left], [, right]) => endOf(left) - endOf(right));
  const [first] = found;
  if (first === undefined) return undefined;
  const [key, state] = first;
  const lifted = await lift();
  const { combined } = lifted;
  const isSame = forwardedHashOf(lifted, request) === asked.forwarded_hash;
  if (!permits(combined.outcome) || !isSame) return undefined;
  const message = `standing permission ${state.id} of ${state.granted_by}, until ${state.grant.expires_at}`;
  const reasons = [...combined.reasons, { code: 'standing_permission', message, outcome: 'allow' as const }];
  return {
    key,
    id: state.id,
    ...(asked.amount === undefined ? {} : { amount: asked.amount }),
    judgement: { ...lifted, combined: { ...combined, reasons } },
  };
}

function endOf({ grant }: StandingState): number {
  return Date.parse(grant.expires_at);
}

function standingCall(
  call: DecideCall,
  request: DecisionRequest,
  judgement: Judgement,
): Omit<StandingCall, 'codes' | 'appealed'> {
  const { principal, actor, action } = request;
  const { type, tool, server, amount } = action;
  return {
    principal: principal.id,
    actor: actor.id,
    type,
    ...(principal.tenant === undefined ? {} : { tenant: principal.tenant }),
    ...(tool === undefined ? {} : { tool }),
    ...(server === undefined ? {} : { server }),
    ...(call.tool_digest === undefined ? {} : { tool_digest: call.tool_digest }),
    args: judgement.forwardedArgs ?? {},
    arg_hash: action.arg_hash ?? hashArgs({}),
    forwarded_hash: forwardedHashOf(judgement, request),
    ...(amount === undefined ? {} : { amount }),
  };
}
