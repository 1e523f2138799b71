import {
  type DecideCall,
  type Decision,
  type DecisionRequest,
  permits,
  REASON_TABLE,
  type ReasonCode,
} from '@writ/decision';
import { NondeterministicCache } from '@writ/rego';
import { type ApprovalState, checkApproval, type StateSubject } from '@writ/state';
import type { PolicySet } from '../layers/policy-set.ts';
import { misfit } from './approval-reason.ts';
import { type Attempt, forwardedHashOf, frameOf, type Prepared } from './attempt.ts';
import { approvalNamed, bindingOf, pendingCellOf } from './call-cells.ts';
import { refusedClaim } from './caller.ts';
import type { Core } from './core.ts';
import { type DraftFrame, denial, draftDecision } from './draft-decision.ts';
import { readFault } from './faults.ts';
import { findStanding } from './find-standing.ts';
import { gather, subjectOf, withGathered } from './gather.ts';
import { type Judgement, withDenial } from './judge.ts';
import type { PolicyFacts } from './policy-facts.ts';
import { findStepUp, type ProvenStepUp, withStepUp } from './prove-step-up.ts';
import { refusedRelease } from './refused-release.ts';
import type { RegistryDuties } from './registry-duties.ts';
import { hashArgs, resolveRequest } from './resolve-request.ts';
import { pendingView } from './settle-decision.ts';
import { whoToAsk } from './who-to-ask.ts';

/** Everything before the commit. A refusal found on the way still is a decision, to be committed like any other. */
export async function prepare(attempt: Attempt, set: PolicySet | undefined): Promise<Prepared> {
  const { core, caller, call } = attempt;
  const facts = set === undefined ? undefined : core.factsOf(set);
  const frame = frameOf(attempt, facts);
  const subject = subjectOf(call.request);
  const stop = (code: ReasonCode, message: string | undefined, counted: boolean): Prepared => ({
    draft: denial(code, message, frame),
    request: withArgHash(call.request),
    subject,
    counted,
    labels: [],
    ...(facts === undefined ? {} : { facts }),
  });
  const claim = refusedClaim(caller, call.request);
  if (claim !== undefined) return stop('assertion_not_permitted', claim, false);
  if (attempt.override?.ok === false) return stop(attempt.override.code, undefined, true);
  if (set === undefined || facts === undefined)
    return stop('policy_engine_unavailable', 'no policies are active', true);
  if (facts.budgetProblem !== undefined) return stop('policy_error', facts.budgetProblem, true);
  const pinned = refusedTool(core, call);
  if (pinned !== undefined) return stop(pinned, undefined, true);
  const otherRelease = refusedRelease(set.releases, call);
  if (otherRelease !== undefined) return stop('release_mismatch', otherRelease, true);
  const resolved = resolveRequest(call.request, set.registry, core.environment);
  if (!resolved.ok) return stop(resolved.code, resolved.message, true);
  try {
    const { request, duties } = resolved;
    return await consultPolicies(attempt, { set, facts, frame, subject, request, duties });
  } catch (thrown) {
    const fault = readFault(thrown);
    return stop(fault.code, fault.message, true);
  }
}

function withArgHash(request: DecisionRequest): DecisionRequest {
  const { args } = request.action;
  if (args === undefined) return request;
  return { ...request, action: { ...request.action, arg_hash: hashArgs(args) } };
}

function refusedTool(core: Core, call: DecideCall): 'tool_unknown' | 'tool_changed' | undefined {
  const { tool, server } = call.request.action;
  if (tool === undefined) return undefined;
  const entry = core.catalogue(server, tool);
  if (entry === undefined) return undefined;
  if (!entry.known) return 'tool_unknown';
  return entry.digest !== undefined && entry.digest !== call.tool_digest ? 'tool_changed' : undefined;
}

interface Basis {
  readonly set: PolicySet;
  readonly facts: PolicyFacts;
  readonly frame: DraftFrame;
  readonly subject: StateSubject;
  readonly request: DecisionRequest;
  readonly duties: RegistryDuties;
  /** The person has proved what was asked for. */
  readonly stepUp?: ProvenStepUp;
}

/** Gathers and asks. Rejects only where the store cannot be read. */
async function consultPolicies(attempt: Attempt, basis: Basis): Promise<Prepared> {
  const { core, call, deadlineAt } = attempt;
  const { set, facts, subject, duties } = basis;
  const nowMs = core.clock.nowMs();
  const needs = facts.needs(basis.request);
  const gathered =
    needs.facts.length === 0
      ? undefined
      : await gather(core.store, needs.facts, subject, facts.budgets, nowMs, core.memory);
  const approval =
    call.approval_id === undefined ? undefined : await approvalNamed(core.store, call.approval_id, nowMs);
  const approved = approval?.status === 'approved' ? approval : undefined;
  const time = new Date(nowMs).toISOString();
  const told = withGathered(basis.request, gathered ?? { context: {}, expected: {}, facts: [] }, time);
  const request = approved === undefined ? told : withApproval(told, approved);
  const nondeterministic = new NondeterministicCache();
  const ask = (appealing: boolean, lifted = approved?.reasons) =>
    attempt.judge(request, {
      policies: set,
      nondeterministic,
      nowMs,
      deadlineMs: Math.max(0, deadlineAt - performance.now()),
      duties,
      ...(lifted === undefined ? {} : { approved: lifted }),
      ...(appealing ? { appealing } : {}),
    });
  const first = await ask(call.appeal !== undefined || approval?.appeal !== undefined);
  const stepUp = await tryStepUp(attempt, basis, first);
  if (stepUp.kind === 'proven') return consultPolicies(attempt, stepUp.basis);
  const isOpen = call.approval_id === undefined && call.appeal === undefined;
  // What can be appealed is also looked at as if somebody did: people may have said yes already.
  const asked = isOpen && first.combined.appealable ? await ask(true) : first;
  const lift = () => ask(asked.combined.appealed.length > 0, asked.combined.escalations);
  const standing = isOpen ? await findStanding(attempt, asked, request, lift) : undefined;
  const appealed =
    asked === first || standing !== undefined ? undefined : await openAppeal(attempt, asked, request);
  const judgement = appealed === undefined ? first : asked;
  const asking =
    call.approval_id === undefined && appealed === undefined && standing === undefined
      ? await whoToAsk(attempt, set, judgement, request, lift)
      : {};
  const judged =
    call.approval_id === undefined
      ? needed(attempt, standing?.judgement ?? asking.judgement ?? judgement)
      : judgeApproval(attempt, judgement, request, approval, nowMs);
  const drafted = draftDecision(judged, request, basis.frame);
  const aged = stepUp.kind === 'stale' ? withMaxAge(drafted, core) : drafted;
  const draft = call.appeal === undefined ? aged : withoutEffect(aged);
  const pending = approval?.status === 'pending' && draft.outcome === 'escalate';
  const shown = pending ? approval : appealed;
  return {
    draft: shown === undefined ? draft : { ...draft, approval: pendingView(shown, core.channels, nowMs) },
    request: { ...request, actor: judged.request.actor },
    subject,
    counted: true,
    labels: duties.labels,
    ...(duties.rates.length === 0 ? {} : { rates: duties.rates }),
    facts,
    nondeterministic,
    paths: needs.paths,
    judgement: judged,
    ...(gathered === undefined ? {} : { gathered }),
    ...(approval === undefined ? {} : { approval }),
    ...(standing === undefined ? {} : { standing }),
    ...(basis.stepUp === undefined ? {} : { stepUp: basis.stepUp }),
    ...(asking.rules === undefined ? {} : { rules: asking.rules }),
  };
}

type StepUpTried =
  | { readonly kind: 'proven'; readonly basis: Basis }
  | { readonly kind: 'stale' | 'missing' };

/** Where policies ask for a stronger identity and the session has it, they are asked again, and told so. */
async function tryStepUp(
  { core, call }: Attempt,
  basis: Basis,
  { combined, ...judgement }: Judgement,
): Promise<StepUpTried> {
  const isAsked = combined.outcome === 'step_up' && call.request.context?.step_up_verified !== true;
  if (!isAsked || basis.stepUp !== undefined) return { kind: 'missing' };
  const found = await findStepUp(core, { ...judgement, combined }, call.request, basis.subject);
  if (found.kind !== 'proven') return found;
  const proved = withStepUp(call.request, found.stepUp);
  const resolved = resolveRequest(proved, basis.set.registry, core.environment);
  if (!resolved.ok) return { kind: 'missing' };
  const { request, duties } = resolved;
  return { kind: 'proven', basis: { ...basis, request, duties, stepUp: found.stepUp } };
}

/** An appeal is no way to make a call, also where everything is only observed. */
function withoutEffect({ forwarded_args: _args, ...draft }: Decision): Decision {
  return { ...draft, effect: 'refuse' };
}

/** Names what is missing: a fresh login, where the proof that came is too old. */
function withMaxAge(draft: Decision, { limits }: Core): Decision {
  const { step_up } = draft;
  if (step_up === undefined) return draft;
  return { ...draft, step_up: { ...step_up, max_age_seconds: Math.floor(limits.stepUpMs / 1000) } };
}

/** An appeal asks people, and lets nothing through by itself. */
function needed({ call }: Attempt, judgement: Judgement): Judgement {
  if (call.appeal === undefined || !permits(judgement.combined.outcome)) return judgement;
  return withDenial(judgement, 'appeal_not_needed', REASON_TABLE.appeal_not_needed.sentence);
}

/** The appeal that is open, or was granted, against exactly this denial: who asks again is told of it. */
async function openAppeal(
  { core, call }: Attempt,
  escalated: Judgement,
  request: DecisionRequest,
): Promise<ApprovalState | undefined> {
  if (escalated.combined.outcome !== 'escalate') return undefined;
  const binding = bindingOf(call, request, forwardedHashOf(escalated, request));
  const id = await core.store.read(pendingCellOf(binding, escalated.combined.escalations));
  const approval = id === undefined ? undefined : await approvalNamed(core.store, id, core.clock.nowMs());
  return approval?.status === 'pending' || approval?.status === 'approved' ? approval : undefined;
}

function withApproval(request: DecisionRequest, approval: ApprovalState): DecisionRequest {
  const { id, decided_by, reasons } = approval;
  const codes = reasons.map((reason) => reason.code);
  return {
    ...request,
    context: { ...request.context, approval: { id, approved_by: decided_by ?? '', codes } },
  };
}

/** An approval that does not serve this call denies it; one that is still pending leaves the escalation as it is. */
function judgeApproval(
  { call, override }: Attempt,
  judgement: Judgement,
  request: DecisionRequest,
  approval: ApprovalState | undefined,
  nowMs: number,
): Judgement {
  if (judgement.combined.outcome === 'deny' || judgement.combined.outcome === 'step_up') return judgement;
  if (approval === undefined)
    return withDenial(judgement, 'approval_unknown', REASON_TABLE.approval_unknown.sentence);
  const binding = bindingOf(call, request, forwardedHashOf(judgement, request));
  const text = JSON.stringify(approval);
  const tokenId = override?.ok === true ? override.tokenId : undefined;
  const checked = checkApproval(() => text, approval.id, binding, nowMs, tokenId);
  if (checked.ok || (checked.code === 'approval_pending' && judgement.combined.outcome === 'escalate'))
    return judgement;
  const { code, message } = misfit(checked.code, approval.binding, binding);
  return withDenial(judgement, code, message);
}
