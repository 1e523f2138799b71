import {
  type DecideCall,
  type Decision,
  type DecisionRequest,
  type Json,
  type JsonObject,
  newApprovalId,
  newDecisionId,
  REASON_TABLE,
  type ReasonCode,
  validateDecideCall,
} from '@writ/decision';
import { sealFields } from '@writ/ledger';
import {
  type ApprovalState,
  checkApproval,
  type Gathered,
  rootSessionKey,
  type StateSubject,
} from '@writ/state';
import type { PolicySet } from '../layers/policy-set.ts';
import { admit } from './admit.ts';
import { approvalReason } from './approval-reason.ts';
import { budgetRequests } from './budgets.ts';
import { type CallerIdentity, modeFor, refusedClaim } from './caller.ts';
import type { CommitRequest, CommitResult } from './commit-request.ts';
import type { Core } from './core.ts';
import { decisionCore, decisionFields } from './decision-entry.ts';
import { type DraftFrame, denial, draftDecision } from './draft-decision.ts';
import { commitFault, readFault } from './faults.ts';
import { gather, subjectOf, withGathered } from './gather.ts';
import { type Judgement, judge, withDenial } from './judge.ts';
import type { PolicyFacts } from './policy-facts.ts';
import { approvalNamed, bindingOf, digestOfCall, idempotencyCellOf, pendingCellOf } from './prepare.ts';
import { hashArgs, resolveRequest } from './resolve-request.ts';

/** One call on its way through the pipeline. */
export interface Attempt {
  readonly core: Core;
  readonly caller: CallerIdentity;
  readonly call: DecideCall;
  readonly startedNs: bigint;
  readonly deadlineAt: number;
  /** How the opinions come about; by default all entrypoints that apply are asked. */
  readonly judge: typeof judge;
  readonly claimed?: JsonObject;
}

/** What makes one way of asking differ from another. */
export interface DecideOptions {
  readonly judge?: typeof judge;
  /** What the caller says of things that Writ works out itself. */
  readonly claimed?: JsonObject;
}

/** A request about which policies were asked, or a denial that needed no asking. */
interface Prepared {
  readonly draft: Decision;
  readonly request: DecisionRequest;
  readonly subject: StateSubject;
  readonly counted: boolean;
  readonly labels: readonly string[];
  readonly facts?: PolicyFacts;
  readonly gathered?: Gathered;
  readonly paths?: readonly string[];
  readonly judgement?: Judgement;
  readonly approval?: ApprovalState;
}

/**
 * Decides one call: reads it strictly, resolves and gathers, asks policies, commits once, answers. What allows is
 * answered only after it is durable; every fault is an answer that denies.
 */
export async function decide(
  core: Core,
  caller: CallerIdentity,
  given: unknown,
  options: DecideOptions = {},
): Promise<Decision> {
  const startedNs = process.hrtime.bigint();
  const admitted = admit(given, validateDecideCall);
  if (!admitted.ok) return refuseMalformed(core, caller, admitted.code, admitted.message, startedNs);
  const deadlineAt = performance.now() + core.limits.decisionMs;
  const attempt: Attempt = { core, caller, call: admitted.call, startedNs, deadlineAt, judge, ...options };
  try {
    return await ordered(attempt);
  } catch {
    // Nothing here is expected to throw; whatever does must not fail open, and says nothing about itself.
    return unrecorded(denial('internal_error', undefined, frameOf(attempt, undefined)));
  }
}

/** Decisions that read the same session run one after another; those that read nothing of it do not wait. */
async function ordered(attempt: Attempt): Promise<Decision> {
  const { core, call } = attempt;
  const set = core.source.current();
  const reads = set === undefined ? [] : core.factsOf(set).needs(call.request).facts;
  if (reads.length === 0) return untilCommitted(attempt);
  return core.queue.run(rootSessionKey(subjectOf(call.request)), () => untilCommitted(attempt));
}

async function untilCommitted(attempt: Attempt): Promise<Decision> {
  const { core } = attempt;
  for (;;) {
    const hold = core.source.hold();
    try {
      const prepared = await prepare(attempt, hold?.set);
      const result = await commit(attempt, prepared);
      if (result.kind !== 'conflict') return result.decision;
      if (performance.now() >= attempt.deadlineAt) return await conflicted(attempt, prepared);
    } finally {
      hold?.release();
    }
  }
}

async function conflicted(attempt: Attempt, prepared: Prepared): Promise<Decision> {
  const { gathered: _stale, ...rest } = prepared;
  const draft = denial(
    'state_conflict',
    undefined,
    frameOf(attempt, prepared.facts, prepared.draft.decision_id),
  );
  const result = await commit(attempt, { ...rest, draft });
  return result.kind === 'conflict' ? unrecorded(draft) : result.decision;
}

function frameOf(attempt: Attempt, facts: PolicyFacts | undefined, decisionId?: string): DraftFrame {
  const { core, caller, call, startedNs } = attempt;
  return {
    decisionId: decisionId ?? newDecisionId(core.clock.nowMs(), core.randomBytes),
    mode: modeFor(caller, call.request),
    policies: facts,
    startedNs,
  };
}

/** Everything before the commit. A refusal found on the way still is a decision, to be committed like any other. */
async function prepare(attempt: Attempt, set: PolicySet | undefined): Promise<Prepared> {
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
  if (set === undefined || facts === undefined)
    return stop('policy_engine_unavailable', 'no policies are active', true);
  if (facts.budgetProblem !== undefined) return stop('policy_error', facts.budgetProblem, true);
  const pinned = refusedTool(core, call);
  if (pinned !== undefined) return stop(pinned, undefined, true);
  const resolved = resolveRequest(call.request, set.registry, core.environment);
  if (!resolved.ok) return stop(resolved.code, resolved.message, true);
  const stepUp =
    resolved.stepUpMethod === undefined ? frame : { ...frame, stepUpMethod: resolved.stepUpMethod };
  try {
    const basis = { set, facts, frame: stepUp, subject, request: resolved.request, labels: resolved.labels };
    return await consultPolicies(attempt, basis);
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
  readonly labels: readonly string[];
}

/** Gathers and asks. Rejects only where the store cannot be read. */
async function consultPolicies(attempt: Attempt, basis: Basis): Promise<Prepared> {
  const { core, call, deadlineAt } = attempt;
  const { set, facts, subject } = basis;
  const nowMs = core.clock.nowMs();
  const needs = facts.needs(basis.request);
  const gathered =
    needs.facts.length === 0
      ? undefined
      : await gather(core.store, needs.facts, subject, facts.budgets, nowMs);
  const approval =
    call.approval_id === undefined ? undefined : await approvalNamed(core.store, call.approval_id, nowMs);
  const approved = approval?.status === 'approved' ? approval : undefined;
  const time = new Date(nowMs).toISOString();
  const told = withGathered(basis.request, gathered ?? { context: {}, expected: {}, facts: [] }, time);
  const request = approved === undefined ? told : withApproval(told, approved);
  const judgement = await attempt.judge(request, {
    policies: set,
    nowMs,
    deadlineMs: Math.max(0, deadlineAt - performance.now()),
    ...(approved === undefined ? {} : { approved: approved.reasons }),
  });
  const judged =
    call.approval_id === undefined ? judgement : judgeApproval(attempt, judgement, request, approval, nowMs);
  const draft = draftDecision(judged, request, basis.frame);
  const pending = approval?.status === 'pending' && draft.outcome === 'escalate';
  return {
    draft: pending ? { ...draft, approval: viewOf(approval) } : draft,
    request: { ...request, actor: judged.request.actor },
    subject,
    counted: true,
    labels: basis.labels,
    facts,
    paths: needs.paths,
    judgement: judged,
    ...(gathered === undefined ? {} : { gathered }),
    ...(approval === undefined ? {} : { approval }),
  };
}

function withApproval(request: DecisionRequest, approval: ApprovalState): DecisionRequest {
  const { id, decided_by, reasons } = approval;
  const codes = reasons.map((reason) => reason.code);
  return {
    ...request,
    context: { ...request.context, approval: { id, approved_by: decided_by ?? '', codes } },
  };
}

function viewOf({ id, status, expires_ms }: ApprovalState): NonNullable<Decision['approval']> {
  return { id, status, expires_at: new Date(expires_ms).toISOString() };
}

/** An approval that does not serve this call denies it; one that is still pending leaves the escalation as it is. */
function judgeApproval(
  { call }: Attempt,
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
  const checked = checkApproval(() => text, approval.id, binding, nowMs);
  if (checked.ok || (checked.code === 'approval_pending' && judgement.combined.outcome === 'escalate'))
    return judgement;
  const { code, message } = approvalReason(checked.code);
  return withDenial(judgement, code, message);
}

function forwardedHashOf(judgement: Judgement, request: DecisionRequest): string {
  const forwarded = judgement.forwardedArgs;
  if (forwarded === undefined || forwarded === request.action.args)
    return request.action.arg_hash ?? hashArgs({});
  return hashArgs(forwarded);
}

type Committed = { readonly kind: 'decided'; readonly decision: Decision } | { readonly kind: 'conflict' };

/** The one commit. What could not be made durable is answered with a denial that says so. */
async function commit(attempt: Attempt, prepared: Prepared): Promise<Committed> {
  const { core } = attempt;
  try {
    const request = await commitRequest(attempt, prepared);
    const idempotent = request.idempotencyCell !== undefined;
    const result = await core.store.call<CommitRequest, CommitResult>('pdp.commit', request, { idempotent });
    if (result.kind === 'conflict') return { kind: 'conflict' };
    if (result.kind === 'repeat') return { kind: 'decided', decision: result.decision };
    return { kind: 'decided', decision: result.changed ?? prepared.draft };
  } catch (thrown) {
    const fault = commitFault(thrown);
    const frame = frameOf(attempt, prepared.facts, prepared.draft.decision_id);
    return { kind: 'decided', decision: unrecorded(denial(fault.code, fault.message, frame)) };
  }
}

async function commitRequest(attempt: Attempt, prepared: Prepared): Promise<CommitRequest> {
  const { call, caller } = attempt;
  const { draft, request, subject, counted, labels, facts, gathered } = prepared;
  const idempotencyCell = idempotencyCellOf(call, request, caller.pointId);
  const ask = await askFor(attempt, prepared);
  const use =
    call.approval_id !== undefined && draft.effect === 'proceed' && prepared.approval?.status === 'approved';
  return {
    draft,
    subject,
    counted,
    callDigest: digestOfCall(call, request),
    budgets: budgetRequests(facts?.budgets ?? [], request),
    labels,
    timeBound: use || (prepared.judgement?.combined.lifted.overridden.length ?? 0) > 0,
    note: noteOf(attempt, prepared),
    record: recordOf(attempt, prepared),
    ...(idempotencyCell === undefined ? {} : { idempotencyCell }),
    ...(gathered === undefined ? {} : { gathered: { facts: gathered.facts, expected: gathered.expected } }),
    ...(request.action.tool === undefined ? {} : { tool: request.action.tool }),
    ...(use ? { use: { id: call.approval_id, binding: bindingOfPrepared(call, prepared) } } : {}),
    ...(ask === undefined ? {} : { ask }),
  };
}

function bindingOfPrepared(call: DecideCall, { judgement, request }: Prepared) {
  const forwarded =
    judgement === undefined ? (request.action.arg_hash ?? hashArgs({})) : forwardedHashOf(judgement, request);
  return bindingOf(call, request, forwarded);
}

/** The approval to ask for: only where a person has to judge, and nobody was asked by this call yet. */
async function askFor(attempt: Attempt, prepared: Prepared): Promise<CommitRequest['ask']> {
  const { core, call } = attempt;
  const { draft, judgement, request } = prepared;
  if (draft.outcome !== 'escalate' || draft.effect === 'proceed' || draft.approval !== undefined)
    return undefined;
  if (judgement === undefined) return undefined;
  const binding = bindingOfPrepared(call, prepared);
  const reasons = judgement.combined.escalations;
  const pendingCell = pendingCellOf(binding, reasons);
  const pendingId = await core.store.read(pendingCell);
  const { type, tool, server } = request.action;
  const args = judgement.forwardedArgs;
  return {
    id: newApprovalId(core.clock.nowMs(), core.randomBytes),
    lifeMs: core.limits.approvalMs,
    binding,
    reasons,
    pendingCell,
    action: {
      type,
      ...(tool === undefined ? {} : { tool }),
      ...(server === undefined ? {} : { server }),
      ...(args === undefined ? {} : { args }),
    },
    ...(pendingId === undefined ? {} : { pendingId }),
  };
}

/** What completing needs again. The request itself only where some policy judges results. */
function noteOf({ caller }: Attempt, { request, facts, draft }: Prepared): Json {
  const observed = draft.metadata.mode === 'observe';
  const redact = draft.obligations.filter(
    ({ type, properties }) => type === 'redact' && properties['target'] === 'result',
  );
  const point = {
    point: caller.pointId,
    ...(observed || redact.length === 0 ? {} : { redact: redact as unknown as Json }),
  };
  if (facts?.judgesResults !== true) return point;
  const args = draft.forwarded_args ?? request.action.args;
  const asked = args === undefined ? request : { ...request, action: { ...request.action, args } };
  return { ...point, request: asked } as unknown as Json;
}

function recordOf(
  { core, caller, call, claimed }: Attempt,
  { draft, request, subject, paths, judgement }: Prepared,
): CommitRequest['record'] {
  const overridden = judgement?.combined.lifted.overridden ?? [];
  const fields = decisionFields(draft, request, {
    pointId: caller.pointId,
    sessionKey: rootSessionKey(subject),
    ...(call.idempotency_key === undefined ? {} : { idempotencyKey: call.idempotency_key }),
    ...(call.tool_digest === undefined ? {} : { toolDigest: call.tool_digest }),
    ...(call.approval_id === undefined ? {} : { approvalId: call.approval_id }),
    ...(paths === undefined || paths.length === 0 ? {} : { gathered: paths }),
    ...(claimed === undefined ? {} : { claimed }),
    ...(overridden.length === 0 ? {} : { override: overridden as unknown as Json }),
  });
  return {
    core: decisionCore(draft, request),
    sealed: sealFields(fields, core.salts),
    saltSeed: core.saltSeed(),
    trust: core.trust,
  };
}

/** A denial that is not on record says so: nobody may look for it there. */
export function unrecorded(decision: Decision): Decision {
  const [first, ...others] = decision.reasons;
  if (first === undefined) return decision;
  const message = `${first.message ?? first.code} (this answer is not on record)`;
  return { ...decision, reasons: [{ ...first, message }, ...others] };
}

/** What cannot be read asks nothing: refused before policy, recorded as such. */
async function refuseMalformed(
  core: Core,
  caller: CallerIdentity,
  code: ReasonCode,
  message: string,
  startedNs: bigint,
): Promise<Decision> {
  const decisionId = newDecisionId(core.clock.nowMs(), core.randomBytes);
  const refused = denial(code, message, { decisionId, mode: 'enforce', policies: undefined, startedNs });
  const entry = {
    kind: 'malformed',
    decision_id: decisionId,
    outcome: 'deny',
    effect: 'refuse',
    codes: [code],
  } as const;
  try {
    const sealed = sealFields({ point: caller.pointId, message }, core.salts);
    await core.store.call('pdp.note', { core: entry, sealed, trust: core.trust });
    return refused;
  } catch {
    return unrecorded(refused);
  }
}
