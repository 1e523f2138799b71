import { GATEWAY_LIMITS, UPSTREAM_LIMITS } from '@writ/gateway';
import { BUDGET_HOLDERS, BUDGET_WINDOWS, isTimeZone } from '@writ/state';
import { z } from 'zod';
import { bundleSchema } from './bundle-config.ts';
import { actorSchema, principalSchema, tokenHashSchema } from './caller-config.ts';
import { approversSchema, channelsSchema } from './channels-config.ts';
import { identityFaults, identitySchema, listenTlsSchema } from './identity-config.ts';
import { limitsSchema } from './limits-config.ts';
import { telemetrySchema } from './telemetry-config.ts';

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'must be lower-case letters, digits, "-" or "_", at most 32');
const address = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, 'must be HOST:PORT');
const refusalForm = z.enum(['result', 'error', 'http']);
const strings = z.array(z.string());

const upstreamLimits = limitsSchema(UPSTREAM_LIMITS)
  .optional()
  .describe('Bounds towards this server: times in ms, sizes in bytes');

/** Engines that evaluate Rego, so that two of them can be asked the same. */
const CHECKED_ENGINES = ['rego', 'opa', 'wasm'] as const;

const fields = z.strictObject({
  data_dir: z
    .string()
    .min(1)
    .optional()
    .describe('Where state and record live; relative to this file. Default: .writ'),
  store: z
    .string()
    .regex(/^postgres(ql)?:\/\/.+/, 'must be postgres://USER@HOST:PORT/DATABASE')
    .optional()
    .describe('State and record in PostgreSQL, shared by all nodes; absent: SQLite in data_dir'),
  engine: z
    .strictObject({
      kind: z
        .enum(['rego', 'opa', 'crosscheck'])
        .default('rego')
        .describe(
          'For bundles that name none. rego: embedded; opa: a real OPA; crosscheck: two, and disagreement denies',
        ),
      url: z
        .string()
        .optional()
        .describe(
          'opa: where it listens (http://HOST:PORT); without url and socket a child process is started',
        ),
      socket: z.string().optional().describe('opa: Unix socket that it listens on'),
      command: z.string().optional().describe('opa: the program to start; default `opa`'),
      crosscheck: z
        .tuple([z.enum(CHECKED_ENGINES), z.enum(CHECKED_ENGINES)])
        .refine(([one, other]) => one !== other, 'must name two different engines')
        .optional()
        .describe('crosscheck: the two engines; default rego and opa'),
    })
    .optional(),
  bundles: z.array(bundleSchema).min(1).optional().describe('Policies, each from one place'),
  release: z
    .strictObject({
      name: z.string().min(1).describe('As the manifests of its bundles name it'),
      bundles: strings.min(1).describe('Names of the bundles that are released together'),
    })
    .optional()
    .describe('Bundles that activate and go back together: only when all are there in one version'),
  overrides: z
    .strictObject({
      max: z
        .number()
        .int()
        .nonnegative()
        .max(1000)
        .optional()
        .describe('How many all bundles together may state; with more they do not activate. Default: 20'),
      warn_after_days: z
        .number()
        .int()
        .positive()
        .optional()
        .describe('Age from which on they are warned about. Default: 90'),
      warn_before_days: z
        .number()
        .int()
        .nonnegative()
        .optional()
        .describe('How long before they expire they are warned about. Default: 14'),
    })
    .optional()
    .describe('Limits of overrides'),
  production: z
    .boolean()
    .optional()
    .describe('Refuses bundles without required signatures, watched folders and writes of policy'),
  listen: z
    .strictObject({
      api: address.optional().describe('Decision API. Default: 127.0.0.1:8181'),
      mcp: address.optional().describe('MCP gateway. Default: 127.0.0.1:8182'),
      hosts: strings
        .optional()
        .describe("Host names, without port, that clients beyond loopback use, beside the addresses' own"),
      tls: listenTlsSchema.optional(),
      socket: z
        .string()
        .min(1)
        .optional()
        .describe('Unix socket of the decision API beside the port (mode 0660); relative to this file'),
      operator_socket: z
        .string()
        .min(1)
        .optional()
        .describe(
          'Unix socket (mode 0600) through which whoever may open it is the operator, and system.authz is not asked',
        ),
      drain_seconds: z
        .number()
        .int()
        .min(0)
        .max(600)
        .optional()
        .describe('How long calls under way are waited for when the service ends. Default: 10'),
    })
    .optional(),
  api: z
    .strictObject({
      policy_writes: z
        .boolean()
        .optional()
        .describe(
          "The operator may write policies and data over OPA's REST API; they are kept in data_dir. Default: false; production refuses it",
        ),
      authorization: z
        .enum(['off', 'basic'])
        .optional()
        .describe(
          'basic: every request is also asked of data.system.authz.allow, as OPA has it. Default: off',
        ),
      requests_in_flight: z
        .number()
        .int()
        .min(1)
        .max(100_000)
        .optional()
        .describe('Requests served at once; more are refused with `overloaded`. Default: 2,048'),
      requests_per_second: z
        .number()
        .min(1)
        .optional()
        .describe('Of one credential; more are refused with `rate_limited`. Default: no limit'),
      body_bytes: z
        .number()
        .int()
        .min(1024)
        .max(64 * 1024 * 1024)
        .optional()
        .describe('Largest body of a request. Default: 1,048,576'),
    })
    .optional()
    .describe('What the decision API offers, and to whom how much'),
  upstreams: z
    .record(
      name,
      z.union([
        z.strictObject({
          command: z.string().min(1),
          args: strings.optional(),
          env: z.record(z.string(), z.string()).optional(),
          cwd: z.string().optional(),
          limits: upstreamLimits,
        }),
        z.strictObject({
          url: z.url(),
          headers: z.record(z.string(), z.string()).optional(),
          limits: upstreamLimits,
        }),
      ]),
    )
    .optional()
    .describe('MCP servers behind the gateway, by id'),
  gateway: z
    .strictObject({
      limits: limitsSchema(GATEWAY_LIMITS)
        .optional()
        .describe('Bounds towards clients: times in ms, sizes in bytes'),
    })
    .optional()
    .describe('What the gateway allows its clients'),
  identity: z
    .array(identitySchema)
    .min(1)
    .optional()
    .describe(
      'How callers of the gateway prove who they are; the first that recognises a credential decides',
    ),
  callers: z
    .array(z.strictObject({ token_hash: tokenHashSchema, principal: principalSchema, actor: actorSchema }))
    .optional()
    .describe(
      'Who may come through the gateway, by the hash of their bearer token (`writ identity key`); short for an `identity` with `keys`',
    ),
  anonymous: z
    .strictObject({ principal: principalSchema, actor: actorSchema })
    .optional()
    .describe('Who a gateway caller without a token is; on loopback only'),
  telemetry: telemetrySchema.optional(),
  refusals: z
    .strictObject({
      deny: z
        .union([
          refusalForm,
          z.strictObject({ legacy: refusalForm.optional(), modern: refusalForm.optional() }),
        ])
        .optional()
        .describe(
          'How a denied call is told: `result` (default), `error` (JSON-RPC) or `http` (403); one for each era',
        ),
      step_up: z
        .enum(['challenge', 'result'])
        .optional()
        .describe(
          'Over HTTP: `challenge` with WWW-Authenticate (default where resource_metadata is named), or `result` as on stdio',
        ),
      resource_metadata: z.url().optional().describe('RFC 9728 metadata that challenges name'),
    })
    .optional()
    .describe('How the gateway tells its clients of refusals'),
  budgets: z
    .array(
      z.strictObject({
        name,
        per: z.enum(BUDGET_HOLDERS),
        unit: z.enum(['requests', 'tokens', 'cost']),
        limit: z.number().nonnegative(),
        window: z.enum(BUDGET_WINDOWS).optional().describe('Absent: the session, else for ever'),
        time_zone: z
          .string()
          .refine(isTimeZone, 'must be the IANA name of a time zone')
          .optional()
          .describe('IANA name of the zone in whose calendar the window stands; absent: UTC'),
      }),
    )
    .optional(),
  evaluation_timeout_ms: z.number().int().positive().max(60_000).optional(),
  approval_ttl_seconds: z.number().int().positive().optional(),
  mode: z.enum(['enforce', 'observe']).optional().describe('observe: effects proceed, verdicts are recorded'),
  trust: z
    .enum(['cooperative', 'enforced'])
    .optional()
    .describe('enforced: agents run as another operating-system user, who cannot read or write data_dir'),
  record: z
    .strictObject({
      mask: z
        .array(z.string().regex(/^\/(input|result)\/.+/, 'must begin with /input/ or /result/'))
        .optional()
        .describe(
          'What never gets into the record, as paths: /input/action/args/password, /input/result/content',
        ),
    })
    .optional()
    .describe(
      'What is kept out of the record; `data.system.log.mask` and `drop` of a bundle say so case by case',
    ),
  receipts: z
    .string()
    .min(1)
    .optional()
    .describe('File in which the gateway keeps a receipt of each decision; relative to this file'),
  signing: z
    .strictObject({
      command: strings
        .min(1)
        .describe('Program and arguments; reads a checkpoint, writes its signature in base64'),
      key: z.string().min(1).describe('File with the public key; relative to this file'),
    })
    .optional()
    .describe('A program that holds the key of the record, as another user or in a key service'),
  witnesses: z
    .array(
      z.strictObject({
        url: z.url().describe('Prefix of /add-checkpoint'),
        key: z.string().min(1).describe('Its public key, `name+id+base64`'),
      }),
    )
    .optional()
    .describe('Witnesses that cosign the checkpoints of the record'),
  points: z
    .array(
      z.strictObject({
        id: name,
        token_hash: tokenHashSchema,
        tenants: strings.optional(),
        principals: strings.optional(),
        actors: strings.optional(),
        mode: z.enum(['enforce', 'observe']).optional(),
      }),
    )
    .optional()
    .describe('Enforcement points that may use the decision API, and what each may assert'),
  approvers: approversSchema,
  channels: channelsSchema,
  step_up_ttl_seconds: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('How long a proof of identity counts after it was given. Default: 900'),
  override_ttl_seconds: z
    .number()
    .positive()
    .max(86_400)
    .optional()
    .describe('How long a call may be made once it is approved. Default: 900'),
});

/** The shape of `writ.yaml`; its JSON Schema is published as `schemas/writ.schema.json`. */
export const configSchema = fields.superRefine((config, context) => {
  for (const { path, message } of identityFaults(config))
    context.addIssue({ code: 'custom', path: [...path], message });
});

/** `writ.yaml` as read. */
export type Config = z.infer<typeof configSchema>;

/** JSON Schema (2020-12) of `writ.yaml`, made from the validator so that they cannot drift apart. */
export function configJsonSchema(): Record<string, unknown> {
  return {
    title: 'writ.yaml',
    description: 'Configuration of a Writ decision point and its gateway.',
    ...z.toJSONSchema(configSchema, { target: 'draft-2020-12' }),
  };
}
