import {
  type ApprovalRule,
  type DecideCall,
  type Decision,
  type DecisionRequest,
  type Json,
  newApprovalId,
} from '@writ/decision';
import { type PersonalFields, writeEntry } from '@writ/ledger';
import { factKeys, groupKey, groupOf, rootSessionKey } from '@writ/state';
import { observedNote } from '../layers/observed.ts';
import { approvalDetails } from './approval-details.ts';
import {
  type Attempt,
  forwardedHashOf,
  frameOf,
  type Prepared,
  type Standing,
  unrecorded,
} from './attempt.ts';
import { recordedAnswers } from './builtin-answers.ts';
import { bindingOf, digestOfCall, idempotencyCellOf, pendingCellOf } from './call-cells.ts';
import { briefOf, type CommitRequest, type CommitResult } from './commit-request.ts';
import type { Core } from './core.ts';
import { type DecisionFacts, decisionCore, decisionFields } from './decision-entry.ts';
import { denial } from './draft-decision.ts';
import { commitFault } from './faults.ts';
import { applyLogPolicy, type LogEvent, mayMask, recordedAs } from './log-policy.ts';
import { maskArguments } from './mask-arguments.ts';
import { orderedCall } from './ordered-call.ts';
import type { PendingItem } from './pending-index.ts';
import { hashArgs } from './resolve-request.ts';

/** A decision that was answered, or state that has changed underneath it. */
export type Committed =
  | { readonly kind: 'decided'; readonly decision: Decision }
  | { readonly kind: 'conflict' };

/** The one commit. What could not be made durable is answered with a denial that says so. */
export async function commit(attempt: Attempt, prepared: Prepared): Promise<Committed> {
  const { core } = attempt;
  try {
    const { result, askedId } = await sent(attempt, prepared);
    if (result.kind === 'conflict') {
      core.memory.distrust(gatheredKeys(prepared));
      return { kind: 'conflict' };
    }
    if (result.kind === 'repeat') return { kind: 'decided', decision: result.decision };
    core.memory.remember(result.cells ?? []);
    if (askedId !== undefined) core.pending.note(askedId);
    const decision = await withReceipt(attempt, result.changed ?? prepared.draft, result.leaf);
    return { kind: 'decided', decision };
  } catch (thrown) {
    const fault = commitFault(thrown);
    const frame = frameOf(attempt, prepared.facts, prepared.draft.decision_id);
    return { kind: 'decided', decision: unrecorded(denial(fault.code, fault.message, frame)) };
  }
}

/**
 * Puts the request together and sends it. Here nothing waits for the answer: the request, large as it is, lives no longer
 * than until it is on its way.
 */
async function sent(
  attempt: Attempt,
  prepared: Prepared,
): Promise<{ readonly result: CommitResult; readonly askedId?: string }> {
  const request = await commitRequest(attempt, prepared);
  const idempotent = request.idempotencyCell !== undefined;
  const id = request.ask?.id;
  const answer = attempt.core.store.call<CommitRequest, CommitResult>('pdp.commit', request, { idempotent });
  return answer.then((result) => (id === undefined ? { result } : { result, askedId: id }));
}

/** The node's promise that the entry gets its place in the log; without one the decision is durable all the same. */
async function withReceipt(
  { core }: Attempt,
  decision: Decision,
  leafHash: string | undefined,
): Promise<Decision> {
  if (leafHash === undefined || core.receipt === undefined) return decision;
  const receipt = await core.receipt(decision.decision_id, leafHash).catch(() => undefined);
  return receipt === undefined ? decision : { ...decision, metadata: { ...decision.metadata, receipt } };
}

function gatheredKeys({ gathered, subject, facts }: Prepared): readonly string[] {
  return factKeys(gathered?.facts ?? [], subject, facts?.budgets ?? []);
}

async function commitRequest(attempt: Attempt, prepared: Prepared): Promise<CommitRequest> {
  const { call, caller } = attempt;
  const { draft, request, labels, gathered } = prepared;
  const standing = draft.effect === 'proceed' ? prepared.standing : undefined;
  const idempotencyCell = idempotencyCellOf(call, request, caller.pointId);
  const ask = await askFor(attempt, prepared);
  const use =
    call.approval_id !== undefined && draft.effect === 'proceed' && prepared.approval?.status === 'approved';
  return {
    draft: JSON.stringify(draft),
    brief: briefOf(draft),
    ...orderedCall(prepared, use),
    callDigest: digestOfCall(call, request),
    labels,
    note: noteOf(attempt, prepared),
    ...(await recordOf(attempt, prepared)),
    ...(idempotencyCell === undefined ? {} : { idempotencyCell }),
    ...(gathered === undefined ? {} : { gathered: { facts: gathered.facts, expected: gathered.expected } }),
    ...(request.action.tool === undefined ? {} : { tool: request.action.tool }),
    ...(use
      ? {
          use: {
            id: call.approval_id,
            binding: bindingOfPrepared(call, prepared),
            channels: attempt.core.channels,
            ...tokenOf(attempt),
          },
        }
      : {}),
    ...(standing === undefined
      ? {}
      : { standing: { key: standing.key, id: standing.id, ...amountOf(standing) } }),
    ...stepUpOf(prepared),
    ...(ask === undefined ? {} : { ask }),
  };
}

function stepUpOf({ stepUp }: Prepared): Pick<CommitRequest, 'stepUp'> {
  if (stepUp === undefined) return {};
  const { methods, bind } = stepUp;
  return { stepUp: { methods, ...(bind === undefined ? {} : { bind }) } };
}

function amountOf({ amount }: Standing): { readonly amount?: number } {
  return amount === undefined ? {} : { amount };
}

function tokenOf({ override }: Attempt): { readonly tokenId?: string } {
  return override?.ok === true ? { tokenId: override.tokenId } : {};
}

function bindingOfPrepared(call: DecideCall, { judgement, request }: Prepared) {
  const forwarded =
    judgement === undefined ? (request.action.arg_hash ?? hashArgs({})) : forwardedHashOf(judgement, request);
  return bindingOf(call, request, forwarded);
}

/** Approvals that are counted for the position of another; beyond, it is not told. */
const QUEUE_COUNTED_MAX = 1_000;

/** The approval to ask for: only where a person has to judge, and nobody was asked by this call yet. */
async function askFor(attempt: Attempt, prepared: Prepared): Promise<CommitRequest['ask']> {
  const { core, call } = attempt;
  const { draft, judgement, request, rules, subject } = prepared;
  if (draft.outcome !== 'escalate' || draft.effect === 'proceed' || draft.approval !== undefined)
    return undefined;
  if (judgement === undefined) return undefined;
  const binding = bindingOfPrepared(call, prepared);
  const reasons = judgement.combined.escalations;
  const pendingCell = pendingCellOf(binding, reasons);
  const [pendingId, waiting] = await Promise.all([core.store.read(pendingCell), core.pending.list()]);
  const { type, tool, server } = request.action;
  const group = await groupCell(core, binding.tenant, rules ?? []);
  const forwarded = judgement.forwardedArgs;
  const shown =
    forwarded === undefined ? undefined : await maskArguments(core, draft.decision_id, request, forwarded);
  const args = shown?.args;
  const details = await approvalDetails(core, draft, request, subject, shown?.masked ?? []);
  const position = positionIn(waiting, binding.tenant, pendingId, core.clock.nowMs());
  const lives = (rules ?? []).flatMap(({ ttl_seconds }) =>
    ttl_seconds === undefined ? [] : [ttl_seconds * 1000],
  );
  return {
    id: newApprovalId(core.clock.nowMs(), core.randomBytes),
    lifeMs: Math.min(...lives, ...(lives.length === 0 ? [core.limits.approvalMs] : [])),
    binding,
    reasons,
    details,
    channels: core.channels,
    ...(rules === undefined ? {} : { rules }),
    ...(judgement.combined.appealed.length === 0 ? {} : { appeal: call.appeal ?? {} }),
    ...(position === undefined ? {} : { position }),
    pendingCell,
    ...(group === undefined ? {} : { group }),
    action: {
      type,
      ...(tool === undefined ? {} : { tool }),
      ...(server === undefined ? {} : { server }),
      ...(args === undefined ? {} : { args }),
    },
    ...(pendingId === undefined ? {} : { pendingId }),
  };
}

async function groupCell(
  core: Core,
  tenant: string | undefined,
  rules: readonly ApprovalRule[],
): Promise<NonNullable<CommitRequest['ask']>['group']> {
  const group = groupOf(rules);
  if (group === undefined) return undefined;
  const key = groupKey(tenant, group);
  const known = await core.store.read(key);
  return { key, ...(known === undefined ? {} : { known }) };
}

/** The place of an approval, or of one that is asked for now, among those of its tenant; from 1. */
function positionIn(
  waiting: readonly PendingItem[],
  tenant: string | undefined,
  pendingId: string | undefined,
  nowMs: number,
): number | undefined {
  let before = 0;
  for (const { id, summary } of waiting.slice(0, QUEUE_COUNTED_MAX)) {
    if (id === pendingId) return before + 1;
    if (summary.tenant === tenant && summary.expires_ms >= nowMs) before += 1;
  }
  return waiting.length >= QUEUE_COUNTED_MAX ? undefined : before + 1;
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

async function recordOf(
  attempt: Attempt,
  prepared: Prepared,
): Promise<Pick<CommitRequest, 'leaf' | 'detail' | 'saltSeed' | 'trust'>> {
  const { core } = attempt;
  const { draft, request } = prepared;
  const facts = factsOf(attempt, prepared);
  const whole = decisionFields(draft, request, facts);
  let recorded = { core: decisionCore(draft, request), fields: whole };
  if (mayMask(core)) {
    const input = JSON.parse(JSON.stringify(request));
    const { answers } = facts;
    const event = {
      decision_id: draft.decision_id,
      input,
      result: JSON.parse(JSON.stringify(draft)),
      ...(answers === undefined ? {} : { nd_builtin_cache: answers }),
    };
    const logged = await applyLogPolicy(core, event);
    const kept = logged.isMasked ? maskedFields(logged.event, facts) : whole;
    recorded = recordedAs(recorded.core, whole, kept, logged.dropped);
  }
  return {
    ...writeEntry(recorded.core, recorded.fields, core.salts),
    saltSeed: core.saltSeed(),
    trust: core.trust,
  };
}

/** The fields of a masked event. Whoever masks a part that fields are made of leaves those fields out. */
function maskedFields(event: LogEvent, facts: DecisionFacts): PersonalFields {
  const input = event.input as unknown as DecisionRequest;
  const result = event.result as unknown as Decision;
  const request = {
    ...input,
    principal: input.principal ?? {},
    actor: input.actor ?? {},
    action: input.action ?? {},
  } as DecisionRequest;
  const decision = {
    ...result,
    reasons: result.reasons ?? [],
    obligations: result.obligations ?? [],
    metadata: result.metadata ?? {},
  };
  const { answers: _whole, ...others } = facts;
  const answers = event.nd_builtin_cache;
  return decisionFields(decision, request, answers === undefined ? others : { ...others, answers });
}

function factsOf(
  { caller, call, claimed }: Attempt,
  { subject, paths, judgement, nondeterministic }: Prepared,
): DecisionFacts {
  const overridden = judgement?.combined.lifted.overridden ?? [];
  const observed = judgement?.observed;
  const answers = nondeterministic === undefined ? undefined : recordedAnswers(nondeterministic);
  return {
    pointId: caller.pointId,
    sessionKey: rootSessionKey(subject),
    ...(call.idempotency_key === undefined ? {} : { idempotencyKey: call.idempotency_key }),
    ...(call.tool_digest === undefined ? {} : { toolDigest: call.tool_digest }),
    ...(call.approval_id === undefined ? {} : { approvalId: call.approval_id }),
    ...(paths === undefined || paths.length === 0 ? {} : { gathered: paths }),
    ...(claimed === undefined ? {} : { claimed }),
    ...(overridden.length === 0 ? {} : { override: overridden as unknown as Json }),
    ...(observed === undefined ? {} : { observed: observedNote(observed) }),
    ...(answers === undefined ? {} : { answers }),
  };
}
