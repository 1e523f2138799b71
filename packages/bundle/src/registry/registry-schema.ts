import { z } from 'zod';

/** In place of a server's or tool's name: any. An exact name goes before it. */
export const ANY_NAME = '*';

/** By which protocol a capability is reached. */
export const ADAPTERS = ['mcp', 'cli', 'http', 'openai_compat'] as const;
export type Adapter = (typeof ADAPTERS)[number];

/** What a capability is authorised for, in the words of the protocols. */
export const AUTHORIZED_ACTIONS = [
  'tools/call',
  'resources/read',
  'prompts/get',
  'completion/complete',
  'model/inference',
  'http/request',
] as const;
export type AuthorizedAction = (typeof AUTHORIZED_ACTIONS)[number];

/** Who shares a rate limit. */
export const RATE_HOLDERS = ['tenant', 'principal', 'actor', 'actor_class', 'session', 'tool'] as const;

/** Fields that a point observed itself and that therefore count as it states them. */
export const OBSERVABLE = ['operation', 'destination', 'amount', 'estimated_cost'] as const;
export type Observable = (typeof OBSERVABLE)[number];

const text = z.string().min(1).max(512);
const texts = z.array(text);
const pointer = z
  .string()
  .regex(/^(\/([^~/]|~[01])*)+$/, 'must be a JSON Pointer into the arguments, such as `/order_id`');

const resourceSchema = z.strictObject({
  type: text,
  id: pointer.describe('Where the id stands in the arguments; an array there names several resources.'),
  tenant: pointer.optional(),
  classes: texts.optional(),
  attributes: z.record(text, pointer).optional(),
});

const destinationSchema = z.union([
  z.strictObject({ url: pointer }),
  z.strictObject({ host: pointer, port: pointer.optional(), scheme: text.optional() }),
]);

const amountSchema = z.union([z.number().nonnegative(), pointer]);

/** What the arguments of a call name, and what is known of every call. */
const factFields = {
  operation: text.optional(),
  resources: z.array(resourceSchema).optional(),
  destination: destinationSchema.optional(),
  amount: pointer.optional().describe('The number that limits are about: money, rows, units.'),
  data_classes: texts.optional(),
  labels: texts.optional(),
  cost: amountSchema.optional(),
  observed: z
    .array(z.enum(OBSERVABLE))
    .optional()
    .describe('What the enforcement point states of these counts where the arguments do not tell.'),
  command: pointer.optional().describe('`cli`: a line for a shell, or a list of texts that is run as it is.'),
  arguments: pointer.optional().describe('`cli`: the list of arguments, where `command` is just a program.'),
  cwd: pointer.optional().describe('`cli`: the folder that relative paths start from.'),
  home: text.optional().describe('`cli`: what `~` stands for.'),
  unknown_arguments: z
    .enum(['refuse', 'mark'])
    .optional()
    .describe(
      '`cli`: paths that are known only when the command runs. `mark`: a resource `**` that is `unknown`.',
    ),
  url: pointer.optional().describe('`http`: the argument with the URL.'),
  method: pointer.optional().describe('`http`: the argument with the method.'),
};

const factsSchema = z.strictObject(factFields);

const stepUpFields = {
  step_up: z.boolean().optional(),
  step_up_method: text.optional(),
};

const toolSchema = z.strictObject({ capability: text, ...factFields, ...stepUpFields });

const perMinute = z.int().positive().max(9_000_000_000);

const rateLimitSchema = z
  .strictObject({
    requests_per_minute: perMinute.optional(),
    tokens_per_minute: perMinute.optional(),
    per: z.enum(RATE_HOLDERS).optional().describe('Who shares the limit; the tenant where it is left out.'),
    tokens_reserved: z
      .union([z.int().nonnegative(), pointer])
      .optional()
      .describe('Tokens that a call holds until it is known what it used.'),
  })
  .refine((limit) => limit.requests_per_minute !== undefined || limit.tokens_per_minute !== undefined, {
    message: 'needs `requests_per_minute` or `tokens_per_minute`',
  });

const capabilityFields = {
  description: z.string().max(4_096).optional(),
  adapter: z.enum(ADAPTERS),
  protocol: text.optional(),
  endpoint: z.url().optional(),
  servers: texts
    .min(1)
    .optional()
    .describe('MCP servers whose tools these are; any, and none, where left out.'),
  tools: z
    .strictObject({
      allow: texts.min(1),
      describe: z.record(text, factsSchema).optional().describe('What is special to single tools.'),
    })
    .optional(),
  programs: z
    .strictObject({ allow: texts.min(1) })
    .optional()
    .describe('`cli`: programs of a command line, every one; `git log` allows that alone, `git*` a prefix.'),
  methods: texts.min(1).optional(),
  paths: texts.min(1).optional().describe('`http`: below the endpoint; `*` at the end for all that follows.'),
  authorization: z
    .strictObject({ action: z.enum(AUTHORIZED_ACTIONS).optional(), resource: text.optional() })
    .optional(),
  ...stepUpFields,
  rate_limit: rateLimitSchema.optional(),
  ...factFields,
};

const listedSchema = z.strictObject({ id: text, ...capabilityFields });
const namedSchema = z.strictObject(capabilityFields);

/**
 * `data.writ.registry`: capabilities, as a list or by id, and tools by server; published as
 * `schemas/registry.schema.json`.
 */
export const registrySchema = z.strictObject({
  $schema: z.string().optional(),
  capabilities: z.union([z.array(listedSchema), z.record(text, namedSchema)]).optional(),
  servers: z.record(text, z.strictObject({ tools: z.record(text, toolSchema) })).optional(),
});

/** JSON Schema (2020-12) of the registry, made from the validator so that they cannot drift apart. */
export function registryJsonSchema(): object {
  return {
    title: 'Capability registry of a Writ bundle',
    ...z.toJSONSchema(registrySchema, { target: 'draft-2020-12' }),
  };
}

export type RegistryDocument = z.infer<typeof registrySchema>;
export type WrittenCapability = z.infer<typeof namedSchema>;
export type WrittenTool = z.infer<typeof toolSchema>;
/** What a description says about the arguments of a call. */
export type ToolFacts = z.infer<typeof factsSchema>;
export type WrittenRateLimit = z.infer<typeof rateLimitSchema>;
export const FACT_NAMES = Object.keys(factFields) as (keyof ToolFacts)[];
