import { z } from 'zod';

/** An RFC 6901 pointer into a call's arguments, through objects only. */
const pointer = z
  .string()
  .regex(/^(\/([^~/]|~0|~1)+)+$/, 'must be a JSON Pointer into the arguments, such as `/amount`')
  .max(512);
const text = z.string().min(1).max(256);
const texts = z.array(text).min(1);
const amount = z.number().nonnegative();
const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM');

/** What one argument must be. */
const argument = z
  .strictObject({
    type: z.enum(['string', 'number', 'integer', 'boolean']).optional(),
    enum: z
      .array(z.union([z.string(), z.number(), z.boolean()]))
      .min(1)
      .optional(),
    pattern: z.string().max(1024).optional().describe('RE2; must match the whole text'),
    min: z.number().optional(),
    max: z.number().optional(),
    min_length: z.number().int().nonnegative().optional(),
    max_length: z.number().int().nonnegative().optional(),
    optional: z.boolean().optional().describe('May be absent. Default: it must be there'),
  })
  .describe('What an argument must be');

const times = z.strictObject({
  days: z
    .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
    .min(1)
    .optional(),
  from: clock.optional(),
  to: clock.optional().describe('Up to and not including'),
  timezone: text.optional().describe('IANA name. Default: UTC'),
});

const conditions = z
  .strictObject({
    amount: pointer.optional().describe('Which argument is the amount. Default: /amount'),
    max_amount: amount.optional().describe('Allowed up to here'),
    approval_threshold: amount.optional().describe('Above it a person must approve'),
    hard_limit: amount
      .optional()
      .describe('Above it nobody can. Default: ten times max_amount where approvals are asked'),
    arguments: z.record(pointer, argument).optional(),
    times: times.optional(),
    hosts: texts.optional().describe('Where the call may lead: exact, or *.DOMAIN'),
    data_classes: texts.optional().describe('The only classes of data that it may touch'),
    same_tenant: z.boolean().optional().describe('Every resource must belong to the principal’s tenant'),
    scopes: texts.optional().describe('What the principal must hold'),
    groups: texts.optional().describe('One of which the principal must be in'),
    calls_per_session: z.number().int().positive().optional(),
    approval: z.literal('always').optional().describe('A person must approve each call'),
    step_up: texts.optional().describe('How the person behind the call must prove who they are'),
  })
  .describe('All must hold');

const sanitize = z.strictObject({
  field: pointer,
  replacement: z.string().max(256).optional().describe('Default: [REDACTED]'),
});

const example = z
  .strictObject({
    name: text.optional(),
    args: z.record(z.string(), z.unknown()).optional(),
    input: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Merged over the request that the rule is about'),
    expect: z.enum(['allow', 'deny', 'sanitize', 'escalate', 'step_up']),
    reason: text.optional(),
  })
  .describe('Becomes a test');

const tool = z.strictObject({
  name: text.optional(),
  match: z.literal('all').optional().describe('Every tool; must be said'),
  server: text.optional(),
  actions: texts.optional().describe('Operations, as the capability registry names them'),
  conditions: conditions.optional(),
  sanitize: z.array(sanitize).min(1).optional(),
  examples: z.array(example).min(1).optional(),
});

const model = z.strictObject({
  provider: text,
  models: texts.optional().describe('Exact, or with `*`. Default: every model of the provider'),
  regions: texts.optional(),
  conditions: conditions.optional(),
  examples: z.array(example).min(1).optional(),
});

const denied = z.strictObject({ name: text, reason: text.optional(), remediation: text.optional() });

const agentFields = {
  agent: text.optional().describe('The actor’s id'),
  class: text.optional().describe('Or its class'),
  match: z.literal('all').optional().describe('Or every agent; must be said'),
  allowed_tools: z.array(tool).optional(),
  allowed_models: z.array(model).optional(),
  denied_tools: z.array(denied).optional(),
};

const budget = z.strictObject({
  name: text,
  per: z.enum(['session', 'principal', 'actor', 'tenant']),
  unit: z.enum(['requests', 'tokens', 'cost']),
  limit: z.number().nonnegative(),
  window: z.enum(['minute', 'hour', 'day', 'week', 'month']).optional(),
});

/**
 * A policy for people who will not write Rego: who may use which tool, on which conditions. Published as
 * `schemas/policy.schema.json`. One agent may stand at the top, several stand under `agents`.
 */
export const yamlPolicySchema = z.strictObject({
  $schema: z.string().optional(),
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,31}$/, 'must be lower-case letters, digits or `_`, at most 32')
    .optional()
    .describe('Package and root of the bundle. Default: policy'),
  ...agentFields,
  agents: z.array(z.strictObject(agentFields)).min(1).optional(),
  budgets: z.array(budget).min(1).optional(),
});

export type YamlPolicy = z.infer<typeof yamlPolicySchema>;
export type YamlAgent = Omit<YamlPolicy, '$schema' | 'name' | 'agents' | 'budgets'>;
export type YamlTool = z.infer<typeof tool>;
export type YamlModel = z.infer<typeof model>;
export type YamlConditions = z.infer<typeof conditions>;
export type YamlArgument = z.infer<typeof argument>;
export type YamlExample = z.infer<typeof example>;

/** JSON Schema (2020-12) for editors, made from the validator so that they cannot drift apart. */
export function yamlPolicyJsonSchema(): object {
  return { title: 'Writ policy', ...z.toJSONSchema(yamlPolicySchema, { target: 'draft-2020-12' }) };
}
