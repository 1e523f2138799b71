import { z } from 'zod';
import { APPROVAL_STATUSES } from './approval-contract.ts';
import { ACTION_TYPES, OBLIGATION_TYPES } from './contract.ts';
import {
  amount,
  count,
  delegationSchema,
  destinationSchema,
  json,
  jsonObject,
  name,
  names,
  reasonSchema,
  resourceSchema,
  sha256,
  text,
} from './schema-parts.ts';

const consequenceSchema = z
  .strictObject({
    destination: destinationSchema.exactOptional(),
    resources: z.array(resourceSchema).readonly().exactOptional(),
    data_classes: names.exactOptional(),
    estimated_cost: amount.nonnegative().exactOptional(),
    obligations: z.array(z.enum(OBLIGATION_TYPES)).readonly().exactOptional(),
    valid_seconds: amount.nonnegative(),
  })
  .readonly();

const voteSchema = z
  .strictObject({
    by: text,
    on_behalf_of: text.exactOptional(),
    at: name,
    channel: text,
    comment: text.exactOptional(),
  })
  .readonly();

const recentSchema = z
  .strictObject({ decision_id: name, time: name, outcome: name, reason: text.exactOptional() })
  .readonly();

export const appealSchema = z
  .strictObject({ justification: z.string().min(1).max(4096).exactOptional() })
  .readonly();

const conditionSchema = z
  .strictObject({
    at: text,
    equals: json.exactOptional(),
    one_of: z.array(json).readonly().exactOptional(),
    at_least: amount.exactOptional(),
    at_most: amount.exactOptional(),
    starts_with: text.exactOptional(),
  })
  .readonly();

const standingTermsSchema = z
  .strictObject({
    uses: count,
    seconds: amount.nonnegative(),
    amount: amount.nonnegative().exactOptional(),
    arguments: z.array(conditionSchema).readonly().exactOptional(),
    other_arguments: z.enum(['none', 'any']).exactOptional(),
  })
  .readonly();

export const approvalSchema = z
  .strictObject({
    id: name,
    status: z.enum(APPROVAL_STATUSES),
    created_at: name,
    expires_at: name,
    decision_id: name,
    principal: z.strictObject({ id: name, tenant: name.exactOptional() }).readonly(),
    actor: z.strictObject({ id: name }).readonly(),
    action: z
      .strictObject({
        type: z.enum(ACTION_TYPES),
        tool: name.exactOptional(),
        server: name.exactOptional(),
        args: jsonObject.exactOptional(),
      })
      .readonly(),
    masked: z.array(text).readonly().exactOptional(),
    delegation: delegationSchema.exactOptional(),
    session: z
      .strictObject({
        id: name.exactOptional(),
        risk_score: amount.min(0).max(1).exactOptional(),
        labels: names.exactOptional(),
      })
      .readonly()
      .exactOptional(),
    if_approved: consequenceSchema.exactOptional(),
    recent: z.array(recentSchema).readonly().exactOptional(),
    arg_hash: sha256,
    forwarded_hash: sha256,
    tool_digest: sha256.exactOptional(),
    reasons: z.array(reasonSchema).readonly(),
    decided_by: text.exactOptional(),
    decided_at: text.exactOptional(),
    comment: text.exactOptional(),
    appeal: appealSchema.exactOptional(),
    standing: standingTermsSchema.exactOptional(),
    group: text.exactOptional(),
    needed: count.exactOptional(),
    votes: z.array(voteSchema).readonly().exactOptional(),
    asked: z.array(text).readonly().exactOptional(),
    override_token: text.exactOptional(),
  })
  .readonly();
