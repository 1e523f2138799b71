import { randomBytes } from 'node:crypto';
import {
  type Approval,
  type CompleteCall,
  type Completion,
  type ConsultedOpinion,
  combine,
  type DecideCall,
  type Decision,
  type DecisionPoint,
  type DecisionRequest,
  type EntrypointKind,
  hashJson,
  type Json,
  type JsonObject,
  type Layer,
  newApprovalId,
  newDecisionId,
  type Phase,
  permits,
  type Reason,
  type ReportCall,
  readAnswer,
  redactArguments,
  redactResult,
  validateDecideCall,
  writReason,
} from '@writ/decision';
import { sha256Hex } from '../src/check-decision.ts';

/** A policy as a plain function of the request. */
export interface PlainPolicy {
  readonly bundle: string;
  readonly kind: EntrypointKind;
  readonly layer?: Layer;
  readonly phases?: readonly Phase[];
  readonly answer: (request: DecisionRequest) => Json | undefined;
}

interface Held {
  approval: Approval;
  readonly request: DecisionRequest;
}

/**
 * A decision point without engine and disk: plain functions in place of Rego, the real reading and combining of
 * answers, approvals that are used once. Keeps what it was asked, in order.
 */
export class MemoryPoint implements DecisionPoint {
  readonly #policies: readonly PlainPolicy[];
  readonly #held = new Map<string, Held>();
  readonly #decided = new Map<string, { readonly call: DecideCall; readonly decision: Decision }>();
  readonly #keyed = new Map<string, Decision>();
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly decided: Decision[] = [];
  readonly completed: CompleteCall[] = [];
  readonly reported: ReportCall[] = [];

  constructor(policies: readonly PlainPolicy[]) {
    this.#policies = policies;
  }

  async decide(given: DecideCall): Promise<Decision> {
    const checked = validateDecideCall(given);
    if (!checked.ok) return this.#refused({}, writReason('request_invalid'));
    const call = checked.value;
    const { request, idempotency_key: key } = call;
    const earlier = key === undefined ? undefined : this.#keyed.get(key);
    if (earlier !== undefined && earlier.arg_hash === hashJson(request.action.args ?? {}, sha256Hex))
      return earlier;
    if (earlier !== undefined)
      return this.#refused(request.action.args ?? {}, writReason('idempotency_mismatch'));
    const decision = this.#decide(call);
    if (key !== undefined) this.#keyed.set(key, decision);
    this.decided.push(decision);
    this.#decided.set(decision.decision_id, { call, decision });
    return decision;
  }

  async complete(call: CompleteCall): Promise<Completion> {
    this.completed.push(call);
    const known = this.#decided.get(call.decision_id);
    if (known === undefined) return { effect: 'refuse', outcome: 'deny', reasons: [writReason('not_found')] };
    const { request } = known.call;
    const asked: DecisionRequest = {
      ...request,
      action: { ...request.action, phase: 'result' },
      ...(call.result === undefined ? {} : { result: call.result }),
    };
    const combined = this.#combine(asked, 'result');
    const own = redactResult(call.result ?? {}, known.decision.obligations, 'call');
    const both = own.ok ? redactResult(own.value, combined.obligations, 'result') : own;
    if (!both.ok || !permits(combined.outcome)) {
      return { effect: 'refuse', outcome: 'deny', reasons: combined.reasons };
    }
    return { effect: 'proceed', outcome: combined.outcome, result: both.value, reasons: combined.reasons };
  }

  async list(call: Parameters<DecisionPoint['list']>[0]) {
    const visible = call.items.map((item) => {
      const action = { ...call.request.action, ...item, phase: 'list' as const };
      return permits(this.#combine({ ...call.request, action }, 'list').outcome);
    });
    return { decision_id: newDecisionId(Date.now(), randomBytes), visible };
  }

  async report(call: ReportCall): Promise<void> {
    this.reported.push(call);
  }

  async close(): Promise<void> {
    this.#waiting.clear();
  }

  readonly approval: DecisionPoint['approval'] = {
    get: async (id) => this.#held.get(id)?.approval,
    wait: async (id, { timeoutMs = 0 } = {}) => {
      if (timeoutMs > 0 && this.#held.get(id)?.approval.status === 'pending') {
        await new Promise<void>((resolve) =>
          this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), resolve]),
        );
      }
      return this.#held.get(id)?.approval;
    },
    cancel: async (id) => this.judge(id, 'cancelled'),
  };

  /** What a person does. */
  judge(id: string, status: Approval['status']): Approval | undefined {
    const held = this.#held.get(id);
    if (held === undefined) return undefined;
    if (held.approval.status === 'pending')
      held.approval = { ...held.approval, status, decided_by: 'user:boss' };
    for (const resume of this.#waiting.get(id) ?? []) resume();
    this.#waiting.delete(id);
    return held.approval;
  }

  #decide({ request, approval_id }: DecideCall): Decision {
    const held = approval_id === undefined ? undefined : this.#held.get(approval_id);
    const fault = approval_id === undefined ? undefined : faultOf(held, request);
    if (fault !== undefined) return this.#refused(request.action.args ?? {}, fault);
    const combined = this.#combine(request, 'call', held?.approval.reasons);
    if (held !== undefined) held.approval = { ...held.approval, status: 'used' };
    const args = request.action.args ?? {};
    const redacted = redactArguments(args, combined.obligations);
    if (!redacted.ok) return this.#refused(args, writReason(redacted.code));
    const allow = permits(combined.outcome);
    const pending = combined.outcome === 'escalate' ? this.#pend(request, combined.escalations) : undefined;
    return {
      decision_id: newDecisionId(Date.now(), randomBytes),
      outcome: combined.outcome,
      allow,
      effect: allow ? 'proceed' : 'refuse',
      ...(allow ? { forwarded_args: redacted.value } : {}),
      reason: combined.reasons[0]?.code ?? 'no_objection',
      reasons: combined.reasons,
      ...(combined.remediation === undefined ? {} : { remediation: combined.remediation }),
      obligations: combined.obligations,
      ...(pending === undefined
        ? {}
        : { approval: { id: pending.id, status: pending.status, expires_at: pending.expires_at } }),
      ...(combined.step_up === undefined ? {} : { step_up: combined.step_up }),
      arg_hash: hashJson(args, sha256Hex),
      metadata: { mode: 'enforce' },
    };
  }

  #refused(args: JsonObject, reason: Reason): Decision {
    return {
      decision_id: newDecisionId(Date.now(), randomBytes),
      outcome: 'deny',
      allow: false,
      effect: 'refuse',
      reason: reason.code,
      reasons: [reason],
      obligations: [],
      arg_hash: hashJson(args, sha256Hex),
      metadata: { mode: 'enforce' },
    };
  }

  #pend(request: DecisionRequest, reasons: readonly Reason[]): Approval {
    const hash = hashJson(request.action.args ?? {}, sha256Hex);
    const { type, tool, args } = request.action;
    const approval: Approval = {
      id: newApprovalId(Date.now(), randomBytes),
      status: 'pending',
      created_at: new Date().toISOString(),
      expires_at: new Date(Date.now() + 60_000).toISOString(),
      decision_id: newDecisionId(Date.now(), randomBytes),
      principal: { id: request.principal.id },
      actor: { id: request.actor.id },
      action: { type, ...(tool === undefined ? {} : { tool }), ...(args === undefined ? {} : { args }) },
      arg_hash: hash,
      forwarded_hash: hash,
      reasons,
    };
    this.#held.set(approval.id, { approval, request });
    return approval;
  }

  #combine(request: DecisionRequest, phase: Phase, approved?: readonly Reason[]) {
    const asked = this.#policies.filter((policy) => (policy.phases ?? ['call']).includes(phase));
    const opinions = asked.map(
      ({ bundle, kind, layer = 'resource', answer }): ConsultedOpinion => ({
        layer,
        bundle,
        rule: `data.${bundle}.main`,
        kind,
        opinion: readAnswer(kind, answer(request)),
      }),
    );
    return combine(opinions, {
      phase,
      subject: { principal: request.principal.id, actor: request.actor.id },
      nowMs: Date.now(),
      ...(approved === undefined ? {} : { approved }),
    });
  }
}

function faultOf(held: Held | undefined, request: DecisionRequest): Reason | undefined {
  if (held === undefined) return writReason('approval_unknown');
  if (held.approval.status === 'denied') return writReason('human_rejected');
  if (held.approval.status === 'cancelled') return writReason('approval_cancelled');
  if (held.approval.status === 'used') return writReason('approval_used');
  if (held.approval.status !== 'approved') return writReason('approval_pending');
  if (hashJson(request.action.args ?? {}, sha256Hex) !== held.approval.arg_hash)
    return writReason('approval_arguments_changed');
  return held.request.action.tool === request.action.tool ? undefined : writReason('approval_mismatch');
}
