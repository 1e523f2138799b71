import { ENTRYPOINT_KINDS } from '@writ/decision';
import { ENTRY_KINDS, LOG_FILTERS, PERSONAL_FIELDS, ROLLUP_SECONDS } from '@writ/ledger';
import { BUDGET_HOLDERS, BUDGET_UNITS, BUDGET_WINDOWS } from '@writ/state';
import { z } from 'zod';
import { anyObject, type Operation, ok, text } from './operation.ts';

const index = z.int().nonnegative();
const entry = z
  .strictObject({
    index,
    time: text,
    trust: z.enum(['cooperative', 'enforced']),
    core: z.looseObject({ kind: z.enum(ENTRY_KINDS), decision_id: text.optional() }),
    fields: anyObject,
    erased: z.array(z.enum(PERSONAL_FIELDS)),
  })
  .meta({ id: 'LogEntry' });
const entries = z.strictObject({ entries: z.array(entry) });
const count = z.int().nonnegative();
const target = z.strictObject({
  tenant: text.optional(),
  actor: text.optional(),
  all: z.literal(true).optional(),
  reason: text.optional(),
});
const done = z.strictObject({ ok: z.literal(true) });
const archive = z.strictObject({ archive: text, detached: z.array(text) });
const bundleEvent = z.strictObject({
  time: text,
  entry: index,
  event: z.enum(['activated', 'refused', 'rollback']),
  bundle: text.optional(),
  revision: text.optional(),
  digest: text.optional(),
  sequence: count.optional(),
  rollback_to: text.optional(),
  signed_by: z.array(text).optional(),
  by: text.optional(),
  message: text.optional(),
});
const keptContent = z.strictObject({
  activated_at: text,
  revision: text,
  digest: text,
  sequence: count.optional(),
  rollback_to: text.optional(),
  release: text.optional(),
  signed_by: z.array(text),
});
const history = z
  .strictObject({
    events: z.array(bundleEvent),
    complete: z.boolean(),
    kept: z.array(keptContent).optional(),
  })
  .meta({ id: 'BundleHistory' });
const entrypoint = z.looseObject({
  path: text,
  kind: z.enum(ENTRYPOINT_KINDS),
  profile: text,
  when: anyObject,
});

/** The record. */
export const RECORD_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/log',
    id: 'readLog',
    tag: 'record',
    summary: 'The last entries, or those from a place on',
    audience: 'operator',
    query: { count, from: index },
    answers: ok('Entries in order', z.strictObject({ size: count, entries: z.array(entry) })),
  },
  {
    method: 'get',
    path: '/v1/log/stream',
    id: 'streamLog',
    tag: 'record',
    summary: 'The record as it grows, as server-sent events; goes on after `Last-Event-ID`',
    audience: 'operator',
    query: { from: index },
    answers: {
      200: {
        description: 'Events `entry`; ids are places in the record',
        schema: text,
        type: 'text/event-stream',
      },
    },
  },
  {
    method: 'get',
    path: '/v1/log/query',
    id: 'queryLog',
    tag: 'record',
    summary: 'Entries by what they say',
    audience: 'operator',
    query: { ...Object.fromEntries(LOG_FILTERS.map((name) => [name, text])), count, cursor: text },
    answers: ok('A page', z.strictObject({ entries: z.array(entry), cursor: text.optional() })),
  },
  {
    method: 'get',
    path: '/v1/log/stats',
    id: 'logStatistics',
    tag: 'record',
    summary: 'Decisions by minute or hour',
    audience: 'operator',
    query: { from: text, to: text, per: z.enum(Object.keys(ROLLUP_SECONDS) as [string, ...string[]]) },
    answers: ok('Counts', z.strictObject({ rollups: z.array(anyObject) })),
  },
  {
    method: 'post',
    path: '/v1/log/erase',
    id: 'eraseFromLog',
    tag: 'record',
    summary: 'Erase what belongs to somebody; every proof stays',
    audience: 'operator',
    body: {
      schema: z.strictObject({
        tenant: text.optional(),
        principal: text.optional(),
        actor: text.optional(),
        session: text.optional(),
        fields: z.array(z.enum(PERSONAL_FIELDS)).min(1).optional(),
        reason: text.optional(),
      }),
    },
    answers: ok('How much went', z.strictObject({ entries: count, fields: count, recorded: z.array(index) })),
  },
  {
    method: 'get',
    path: '/v1/log/checkpoint',
    id: 'getCheckpoint',
    tag: 'record',
    summary: 'The newest signed checkpoint, a C2SP signed note',
    audience: 'operator',
    answers: ok('The note', z.strictObject({ checkpoint: text })),
  },
  {
    method: 'get',
    path: '/v1/log/{id}',
    id: 'readDecision',
    tag: 'record',
    summary: 'Everything about one decision',
    audience: 'operator',
    answers: ok('Entries in order', entries),
  },
  {
    method: 'get',
    path: '/v1/log/{id}/proof',
    id: 'proveDecision',
    tag: 'record',
    summary:
      'The entries of one decision, each with its inclusion in the newest signed tree (C2SP tlog-proof)',
    audience: 'operator',
    answers: ok('Proofs', z.strictObject({ proofs: z.array(z.strictObject({ index, proof: text })) })),
  },
];

/** Bundles and layers. */
export const POLICY_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/active',
    id: 'activePolicies',
    tag: 'policies',
    summary: 'What is active, without sources and data',
    audience: 'point',
    answers: ok(
      'Bundles with their entrypoints',
      z.strictObject({
        engine: text.optional(),
        bundles: z.array(
          z.strictObject({
            name: text,
            revision: text,
            digest: text,
            has_manifest: z.boolean(),
            entrypoints: z.array(entrypoint),
          }),
        ),
      }),
    ),
  },
  {
    method: 'get',
    path: '/v1/layers',
    id: 'layers',
    tag: 'policies',
    summary: 'What each layer holds, and who answers for it',
    audience: 'operator',
    answers: ok('Layers', anyObject),
  },
  {
    method: 'get',
    path: '/v1/bundles',
    id: 'bundles',
    tag: 'policies',
    summary: 'Bundles as they are now: what is in force, from where, signed by whom',
    audience: 'operator',
    answers: ok(
      'Bundles',
      z.strictObject({
        production: z.boolean(),
        bundles: z.array(
          z.looseObject({
            name: text,
            kind: z.enum(['published', 'path', 'built-in']),
            place: text,
            third_party: z.boolean(),
            signed_by: z.array(text),
          }),
        ),
      }),
    ),
  },
  {
    method: 'get',
    path: '/v1/bundles/history',
    id: 'historyOfBundles',
    tag: 'policies',
    summary: 'Activations, refusals and rollbacks, the newest first',
    audience: 'operator',
    query: { count },
    answers: ok('Events', history),
  },
  {
    method: 'get',
    path: '/v1/bundles/{name}/history',
    id: 'historyOfBundle',
    tag: 'policies',
    summary: 'The same of one bundle, with the contents that can be gone back to',
    audience: 'operator',
    query: { count },
    answers: ok('Events', history),
  },
  {
    method: 'get',
    path: '/v1/bundles/{name}/kept/{digest}',
    id: 'keptContent',
    tag: 'policies',
    summary: 'One kept content, in base64',
    audience: 'operator',
    answers: ok('The archive', archive),
  },
  {
    method: 'post',
    path: '/v1/bundles/{name}/rollback',
    id: 'rollBack',
    tag: 'policies',
    summary: 'Put a kept content in force again',
    audience: 'operator',
    body: {
      schema: z.strictObject({
        archive: text,
        detached: z.array(text).max(16).optional(),
        reason: text.optional(),
      }),
    },
    answers: ok(
      'What is in force, or waits for the rest of its release',
      z.strictObject({
        bundle: text,
        revision: text,
        digest: text,
        sequence: count.optional(),
        waiting: z.boolean(),
      }),
    ),
  },
];

const revocation = (act: 'revoke' | 'restore', summary: string): Operation => ({
  method: 'post',
  path: `/v1/${act}`,
  id: act,
  tag: 'operation',
  summary: `${summary}; exactly one is named`,
  audience: 'operator',
  body: {
    schema: z.strictObject({
      actor: text.optional(),
      principal: text.optional(),
      tenant: text.optional(),
      reason: text.optional(),
    }),
  },
  answers: ok('It is durable', done),
});

const subject = { principal: text, actor: text, tenant: text, session_id: text, actor_class: text };

/** Halts, state, health. */
export const OPERATION_OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/halt',
    id: 'halt',
    tag: 'operation',
    summary: 'Stop an agent, a tenant or everything, from the next decision on; exactly one is named',
    audience: 'operator',
    body: { schema: target },
    answers: ok('It is durable', done),
  },
  {
    method: 'post',
    path: '/v1/resume',
    id: 'resume',
    tag: 'operation',
    summary: 'Lift a halt',
    audience: 'operator',
    body: { schema: target },
    answers: ok('It is durable', done),
  },
  revocation('revoke', 'An actor or a principal counts nowhere any more, in chains of delegation either'),
  revocation('restore', 'An actor or a principal counts again'),
  {
    method: 'get',
    path: '/v1/sessions',
    id: 'session',
    tag: 'operation',
    summary: 'What policies can read of a session now; `principal` and `actor` are needed',
    audience: 'operator',
    query: { ...subject, tool: text },
    answers: ok('The facts that are known', z.strictObject({ context: anyObject })),
  },
  {
    method: 'get',
    path: '/v1/budgets',
    id: 'budgets',
    tag: 'operation',
    summary: 'The budgets in force; with their use, where `principal` and `actor` are named',
    audience: 'operator',
    query: { ...subject, tool: text },
    answers: ok(
      'Budgets',
      z.strictObject({
        budgets: z.array(
          z.strictObject({
            name: text,
            per: z.enum(BUDGET_HOLDERS),
            unit: z.enum(BUDGET_UNITS),
            limit: z.number(),
            window: z.enum(BUDGET_WINDOWS).optional(),
            time_zone: text.optional(),
            used: z.number().optional(),
          }),
        ),
      }),
    ),
  },
  {
    method: 'get',
    path: '/v1/operator-proof/{nonce}',
    id: 'operatorProof',
    tag: 'operation',
    summary: "Proves that this service knows the operator's token, without telling it",
    audience: 'anybody',
    answers: ok('HMAC-SHA-256 of the nonce, hex', z.strictObject({ proof: text })),
  },
];
