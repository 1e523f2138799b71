import type { Decision, DecisionRequest, Json, JsonObject } from '@writ/decision';
import type { EntryCore, PersonalFields } from '@writ/ledger';

/** What the record of a decision is made of, beside what the transaction adds. */
export interface DecisionFacts {
  readonly pointId: string;
  readonly sessionKey: string;
  readonly idempotencyKey?: string;
  readonly toolDigest?: string;
  readonly approvalId?: string;
  /** State and data paths that were gathered: a later replay knows by them what it cannot know. */
  readonly gathered?: readonly string[];
  readonly claimed?: JsonObject;
  /** Overrides in force and reasons that an approval lifted. */
  readonly override?: Json;
  /** What entrypoints that only observe said, and what the outcome would be if they counted. */
  readonly observed?: Json;
  /** What builtins that draw or ask answered. */
  readonly answers?: JsonObject;
}

/** What anybody may read of a decision for ever. */
export function decisionCore(decision: Decision, request: DecisionRequest): EntryCore {
  const { metadata } = decision;
  return {
    kind: 'decision',
    decision_id: decision.decision_id,
    ...(decision.approval === undefined ? {} : { approval_id: decision.approval.id }),
    action_type: request.action.type,
    phase: request.action.phase,
    outcome: decision.outcome,
    effect: decision.effect,
    codes: [...new Set(decision.reasons.map((reason) => reason.code))],
    ...pick(metadata, [
      'rules_evaluated',
      'evaluation_ns',
      'latency_ns',
      'engine',
      'mode',
      'policy_version',
      'bundle_digest',
      'bundles',
    ]),
  };
}

/** The parts of a decision that belong to somebody. */
export type RecordedDecision = Pick<Decision, 'reasons' | 'obligations' | 'metadata'> & Partial<Decision>;

/**
 * What belongs to somebody, to be sealed. `request` holds the arguments as they were asked about first; the forwarded
 * form stands beside where redaction changed it.
 */
export function decisionFields(
  decision: RecordedDecision,
  request: DecisionRequest,
  facts: DecisionFacts,
): PersonalFields {
  const { principal, actor, action, context } = request;
  const forwarded = decision.forwarded_hash !== decision.arg_hash;
  return defined({
    ...actionFields(request),
    principal: principal.id,
    tenant: principal.tenant,
    principal_claims: claims(principal),
    actor: actor.id,
    actor_claims: claims(actor),
    delegation: request.delegation,
    arg_hash: action.arg_hash,
    args: action.args,
    forwarded_hash: forwarded ? decision.forwarded_hash : undefined,
    forwarded_args: forwarded ? decision.forwarded_args : undefined,
    context,
    conversation: context?.conversation_id,
    task: context?.task_id,
    trace: context?.trace_id,
    risk_score: context?.risk_score,
    environment: request.environment,
    session: facts.sessionKey,
    point: facts.pointId,
    idempotency_key: facts.idempotencyKey,
    tool_digest: facts.toolDigest,
    approval: facts.approvalId,
    gathered: facts.gathered,
    override: facts.override,
    note:
      facts.claimed === undefined && facts.observed === undefined
        ? undefined
        : defined({ claimed: facts.claimed, observed: facts.observed }),
    nd_builtin_cache: facts.answers,
    matched_rules: decision.metadata.matched_rules,
    obligations: decision.obligations.length === 0 ? undefined : decision.obligations,
    reasons: decision.reasons,
    step_up: decision.step_up,
  });
}

function actionFields({ action }: DecisionRequest): Record<string, unknown> {
  return {
    tool: action.tool,
    server: action.server,
    capability: action.capability,
    operation: action.operation,
    resources: action.resources,
    data_classes: action.data_classes_referenced,
    destination: action.destination,
    model: action.model,
    cost: action.estimated_cost,
    action_claims: moreOf(action),
  };
}

/** What else policies saw of an action that cannot be worked out from the rest. */
function moreOf({ provider, region, upstream }: DecisionRequest['action']): PersonalFields | undefined {
  const more = defined({ provider, region, upstream });
  return Object.keys(more).length === 0 ? undefined : more;
}

function claims(subject: { readonly id: string; readonly tenant?: string }): object | undefined {
  const { id: _id, tenant: _tenant, ...rest } = subject;
  return Object.keys(rest).length === 0 ? undefined : rest;
}

/** The fields that are there. What came in is JSON by then: validated, or made here. */
export function defined(fields: Readonly<Record<string, unknown>>): PersonalFields {
  const present: Record<string, unknown> = {};
  for (const name in fields) if (fields[name] !== undefined) present[name] = fields[name];
  return present as JsonObject;
}

function pick<Source extends object, Key extends keyof Source>(
  source: Source,
  keys: readonly Key[],
): Pick<Source, Key> {
  const picked: Partial<Source> = {};
  for (const key of keys) if (source[key] !== undefined) picked[key] = source[key];
  return picked as Pick<Source, Key>;
}
