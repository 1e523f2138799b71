import { z } from 'zod';
import { APPROVAL_STATUSES } from './approval-contract.ts';
import { appealSchema, approvalSchema } from './approval-schema.ts';
import type { Approval } from './contract.ts';
import {
  ACTION_TYPES,
  type Action,
  type ActionResult,
  type Actor,
  type CompleteCall,
  type Completion,
  type DecideCall,
  type Decision,
  type DecisionContext,
  type DecisionMetadata,
  type DecisionRequest,
  type Environment,
  type JsonObject,
  type ListAnswer,
  type ListCall,
  OBLIGATION_TYPES,
  type Obligation,
  PHASES,
  type Principal,
  type Reason,
  type ReportCall,
} from './contract.ts';
import {
  amount,
  count,
  delegationSchema,
  destinationSchema,
  json,
  jsonObject,
  name,
  names,
  outcomeSchema,
  port,
  reasonSchema,
  resourceSchema,
  sha256,
  text,
} from './schema-parts.ts';
import type { Equals } from './type-equality.ts';

/**
 * The contract as schemas: validators here, published JSON Schemas in `schemas/`. `contract.ts` holds the same as
 * types; the assignments at the end of this file fail to compile where the two differ.
 */

export const principalSchema = z
  .strictObject({
    id: name,
    kind: z.enum(['user', 'service', 'agent']).exactOptional(),
    tenant: name.exactOptional(),
    groups: names.exactOptional(),
    scopes: names.exactOptional(),
    data_classifications_authorized: names.exactOptional(),
    attributes: jsonObject.exactOptional(),
  })
  .readonly();

export const actorSchema = z
  .strictObject({
    id: name,
    class: name.exactOptional(),
    scope: name.exactOptional(),
    owner_team: name.exactOptional(),
    version: name.exactOptional(),
    attested: z.boolean().exactOptional(),
    capabilities: names.exactOptional(),
  })
  .readonly();

export const actionSchema = z
  .strictObject({
    type: z.enum(ACTION_TYPES),
    phase: z.enum(PHASES),
    tool: name.exactOptional(),
    server: name.exactOptional(),
    capability: name.exactOptional(),
    operation: name.exactOptional(),
    args: jsonObject.exactOptional(),
    arg_hash: sha256.exactOptional(),
    resources: z.array(resourceSchema).readonly().exactOptional(),
    data_classes_referenced: names.exactOptional(),
    destination: destinationSchema.exactOptional(),
    upstream: z.strictObject({ host: name, port: port.exactOptional() }).readonly().exactOptional(),
    provider: name.exactOptional(),
    model: name.exactOptional(),
    region: name.exactOptional(),
    estimated_cost: amount.nonnegative().exactOptional(),
    amount: amount.nonnegative().exactOptional(),
    authorization: z.strictObject({ action: name, resource: text }).readonly().exactOptional(),
  })
  .readonly();

export const resultSchema = z
  .strictObject({
    content: json.exactOptional(),
    structured: json.exactOptional(),
    is_error: z.boolean().exactOptional(),
  })
  .readonly();

const stepUpGiven = z
  .strictObject({
    method: name,
    at: z.iso.datetime({ offset: true }),
    proof: name.exactOptional(),
  })
  .readonly();
const approvalInContext = z.strictObject({ id: name, approved_by: name, codes: names }).readonly();
const budgetSchema = z.strictObject({ used: amount, limit: amount }).readonly();

export const contextSchema = z
  .strictObject({
    session_id: name.exactOptional(),
    conversation_id: name.exactOptional(),
    task_id: name.exactOptional(),
    turn_count: count.exactOptional(),
    cumulative_tokens: count.exactOptional(),
    session_age_seconds: amount.nonnegative().exactOptional(),
    request_count: count.exactOptional(),
    calls_in_row: count.exactOptional(),
    prior_tools: names.exactOptional(),
    labels: names.exactOptional(),
    risk_score: amount.min(0).max(1).exactOptional(),
    budgets: z.record(z.string(), budgetSchema).readonly().exactOptional(),
    approval: approvalInContext.exactOptional(),
    step_up_verified: z.boolean().exactOptional(),
    step_up: stepUpGiven.exactOptional(),
    trace_id: name.exactOptional(),
  })
  .readonly();

export const environmentSchema = z
  .strictObject({
    region: name.exactOptional(),
    time: z.iso.datetime({ offset: true }).exactOptional(),
    is_production: z.boolean().exactOptional(),
  })
  .readonly();

export const requestSchema = z
  .strictObject({
    principal: principalSchema,
    actor: actorSchema,
    delegation: delegationSchema.exactOptional(),
    action: actionSchema,
    result: resultSchema.exactOptional(),
    context: contextSchema.exactOptional(),
    environment: environmentSchema.exactOptional(),
  })
  .readonly();

export const obligationSchema = z
  .strictObject({ id: name, type: z.enum(OBLIGATION_TYPES), properties: jsonObject })
  .readonly();

export const metadataSchema = z
  .strictObject({
    policy_version: text.exactOptional(),
    bundle_digest: text.exactOptional(),
    bundles: z
      .record(z.string(), z.strictObject({ revision: text, digest: text }).readonly())
      .readonly()
      .exactOptional(),
    matched_rules: z.array(text).readonly().exactOptional(),
    rules_evaluated: count.exactOptional(),
    rate_limit_remaining: amount.exactOptional(),
    retry_after: count.exactOptional(),
    audit_required: z.boolean().exactOptional(),
    appeal_path: text.exactOptional(),
    alternatives: z.array(json).readonly().exactOptional(),
    engine: text.exactOptional(),
    mode: z.enum(['enforce', 'observe']).exactOptional(),
    evaluation_ns: amount.exactOptional(),
    latency_ns: amount.exactOptional(),
    receipt: text.exactOptional(),
  })
  .readonly();

export const decisionSchema = z
  .strictObject({
    decision_id: name,
    outcome: outcomeSchema,
    allow: z.boolean(),
    effect: z.enum(['proceed', 'refuse']),
    forwarded_args: jsonObject.exactOptional(),
    reason: name,
    reasons: z.array(reasonSchema).readonly(),
    remediation: text.exactOptional(),
    policy: text.exactOptional(),
    obligations: z.array(obligationSchema).readonly(),
    approval: z
      .strictObject({
        id: name,
        status: z.enum(APPROVAL_STATUSES),
        expires_at: name,
        approver_channel: text.exactOptional(),
        pending_queue_pos: count.exactOptional(),
        age_seconds: count.exactOptional(),
      })
      .readonly()
      .exactOptional(),
    step_up: z
      .strictObject({
        method: name,
        scopes: names.exactOptional(),
        max_age_seconds: count.exactOptional(),
      })
      .readonly()
      .exactOptional(),
    arg_hash: sha256.exactOptional(),
    forwarded_hash: sha256.exactOptional(),
    metadata: metadataSchema,
  })
  .readonly();

/**
 * Only calls need a grant: a request of another phase, decided as a call, would be allowed because nobody objects.
 * Lists and results have calls of their own.
 */
const callRequestSchema = requestSchema.refine(({ action }) => action.phase === 'call', {
  path: ['action', 'phase'],
  message: 'expected `call`: lists are asked by `list`, results judged by `complete`',
});

export const decideCallSchema = z
  .strictObject({
    request: callRequestSchema,
    idempotency_key: z.string().min(1).max(256).exactOptional(),
    tool_digest: sha256.exactOptional(),
    approval_id: z.string().min(1).max(256).exactOptional(),
    override_token: z.string().min(1).max(4096).exactOptional(),
    appeal: appealSchema.exactOptional(),
  })
  .readonly();

export const completeCallSchema = z
  .strictObject({
    decision_id: name,
    status: z.enum(['succeeded', 'failed', 'not_sent', 'unknown']),
    result: resultSchema.exactOptional(),
    usage: z
      .strictObject({ tokens: count.exactOptional(), cost: amount.nonnegative().exactOptional() })
      .readonly()
      .exactOptional(),
  })
  .readonly();

export const completionSchema = z
  .strictObject({
    effect: z.enum(['proceed', 'refuse']),
    outcome: outcomeSchema,
    result: resultSchema.exactOptional(),
    reasons: z.array(reasonSchema).readonly(),
  })
  .readonly();

export const listCallSchema = z
  .strictObject({
    request: requestSchema,
    items: z
      .array(
        z
          .strictObject({
            tool: name.exactOptional(),
            server: name.exactOptional(),
            resources: z.array(resourceSchema).readonly().exactOptional(),
          })
          .readonly(),
      )
      .max(10_000)
      .readonly(),
  })
  .readonly();

export const listAnswerSchema = z
  .strictObject({ decision_id: name, visible: z.array(z.boolean()).readonly() })
  .readonly();

export const reportCallSchema = z
  .strictObject({
    kind: z.enum(['model_refusal', 'malformed', 'upstream', 'note']),
    request: z
      .strictObject({
        principal: principalSchema.exactOptional(),
        actor: actorSchema.exactOptional(),
        delegation: delegationSchema.exactOptional(),
        action: actionSchema.exactOptional(),
        result: resultSchema.exactOptional(),
        context: contextSchema.exactOptional(),
        environment: environmentSchema.exactOptional(),
      })
      .readonly()
      .exactOptional(),
    code: name,
    message: text.exactOptional(),
    detail: jsonObject.exactOptional(),
  })
  .readonly();

/** What the hand-written checks are in JSON Schema. */
export const HAND_CHECKED: ReadonlyMap<unknown, JsonObject> = new Map<z.ZodType, JsonObject>([
  [json, {}],
  [jsonObject, { type: 'object' }],
  [callRequestSchema, { allOf: [{ properties: { action: { properties: { phase: { const: 'call' } } } } }] }],
]);

/** Published schemas by file name; `schemas/NAME.schema.json` is written from this table. */
export const PUBLISHED_SCHEMAS = Object.freeze({
  request: requestSchema,
  decision: decisionSchema,
  approval: approvalSchema,
  'decide-call': decideCallSchema,
  'complete-call': completeCallSchema,
  completion: completionSchema,
  'list-call': listCallSchema,
  'list-answer': listAnswerSchema,
  'report-call': reportCallSchema,
});

/** Compiles only while types and schemas say the same. */
export const TYPES_AND_SCHEMAS_AGREE: readonly [
  Equals<z.infer<typeof principalSchema>, Principal>,
  Equals<z.infer<typeof actorSchema>, Actor>,
  Equals<z.infer<typeof actionSchema>, Action>,
  Equals<z.infer<typeof resultSchema>, ActionResult>,
  Equals<z.infer<typeof contextSchema>, DecisionContext>,
  Equals<z.infer<typeof environmentSchema>, Environment>,
  Equals<z.infer<typeof requestSchema>, DecisionRequest>,
  Equals<z.infer<typeof reasonSchema>, Reason>,
  Equals<z.infer<typeof obligationSchema>, Obligation>,
  Equals<z.infer<typeof metadataSchema>, DecisionMetadata>,
  Equals<z.infer<typeof decisionSchema>, Decision>,
  Equals<z.infer<typeof approvalSchema>, Approval>,
  Equals<z.infer<typeof decideCallSchema>, DecideCall>,
  Equals<z.infer<typeof completeCallSchema>, CompleteCall>,
  Equals<z.infer<typeof completionSchema>, Completion>,
  Equals<z.infer<typeof listCallSchema>, ListCall>,
  Equals<z.infer<typeof listAnswerSchema>, ListAnswer>,
  Equals<z.infer<typeof reportCallSchema>, ReportCall>,
] = [
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
];
