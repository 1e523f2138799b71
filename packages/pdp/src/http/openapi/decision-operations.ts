import { APPROVAL_STATUSES, LAYERS, OUTCOMES } from '@writ/decision';
import { z } from 'zod';
import { BATCH_MAX } from '../decision-routes.ts';
import { anyJson, anyObject, contract, type Operation, ok, text } from './operation.ts';

const decision = contract('decision');
const resource = z.looseObject({ type: text, id: text });
const approval = contract('approval');
const standing = z
  .looseObject({
    id: text,
    status: text,
    principal: text,
    actor: text,
    uses: z.int(),
    used: z.int(),
    expires_at: text,
  })
  .meta({ id: 'StandingPermission' });

const explanation = z.looseObject({
  outcome: z.enum(OUTCOMES),
  reasons: z.array(anyObject),
  opinions: z.array(
    z.looseObject({
      layer: z.enum(LAYERS),
      bundle: text,
      rule: text,
      kind: text,
      file: text.optional(),
      row: z.int().optional(),
      opinion: z.enum([...OUTCOMES, 'none', 'identity', 'lifts']),
      reasons: z.array(anyObject),
    }),
  ),
  request: contract('request').optional(),
});

/** What enforcement points ask. */
export const DECISION_OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/decide',
    id: 'decide',
    tag: 'decisions',
    summary: 'Decide one call, several, or one call for each resource that it names',
    audience: 'point',
    body: {
      schema: z.union([
        contract('decide-call'),
        z.strictObject({ requests: z.array(contract('decide-call')).max(BATCH_MAX) }),
        z.looseObject({ each_resource: z.boolean(), request: contract('request') }),
      ]),
    },
    answers: ok(
      'The decision, or the decisions in order',
      z.union([
        decision,
        z.strictObject({
          decisions: z.array(z.union([decision, z.strictObject({ resource, decision })])),
        }),
      ]),
    ),
  },
  {
    method: 'post',
    path: '/v1/explain',
    id: 'explain',
    tag: 'decisions',
    summary: 'What each entrypoint says about a call; decides and records nothing',
    audience: 'point',
    body: { schema: contract('decide-call') },
    answers: ok('Every opinion', explanation),
  },
  {
    method: 'post',
    path: '/v1/complete',
    id: 'complete',
    tag: 'decisions',
    summary: 'What became of an effect that was allowed',
    audience: 'point',
    body: { schema: contract('complete-call') },
    answers: ok('Whether the result may be released', contract('completion')),
  },
  {
    method: 'post',
    path: '/v1/list',
    id: 'list',
    tag: 'decisions',
    summary: 'Which tools and resources may be shown',
    audience: 'point',
    body: { schema: contract('list-call') },
    answers: ok('For each item, in order', contract('list-answer')),
  },
  {
    method: 'post',
    path: '/v1/report',
    id: 'report',
    tag: 'decisions',
    summary: 'A fact for the record that asks nothing',
    audience: 'point',
    body: { schema: contract('report-call') },
    answers: { 202: { description: 'It is on its way to the record', schema: z.strictObject({}) } },
  },
];

const JUDGED = {
  approve: 'Approve this call, once',
  deny: 'Refuse this call',
  revoke: 'Take an approval back that was not used yet',
} as const;

const judged = (step: keyof typeof JUDGED): Operation => ({
  method: 'post',
  path: `/v1/approvals/{id}/${step}`,
  id: `${step}Approval`,
  tag: 'approvals',
  summary: JUDGED[step],
  audience: 'approver',
  body: { schema: z.strictObject({ comment: text.max(4096).optional() }), isOptional: true },
  answers: ok('The approval as it is now', approval),
});

const stream = (description: string): Operation['answers'] => ({
  200: { description, schema: text, type: 'text/event-stream' },
});

/** Calls that wait for a person. */
export const APPROVAL_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/standing',
    id: 'listStanding',
    tag: 'approvals',
    summary: 'Standing permissions: calls that nobody is asked about any more, within limits',
    audience: 'approver',
    query: { ended: z.enum(['true', 'false']) },
    answers: ok('The permissions', z.strictObject({ standing: z.array(standing) })),
  },
  {
    method: 'post',
    path: '/v1/standing',
    id: 'grantStanding',
    tag: 'approvals',
    summary: 'Grant a standing permission',
    audience: 'operator',
    body: { schema: z.strictObject({ grant: anyObject, comment: text.optional() }) },
    answers: ok('The permission', standing),
  },
  {
    method: 'post',
    path: '/v1/standing/{id}/revoke',
    id: 'revokeStanding',
    tag: 'approvals',
    summary: 'End a standing permission',
    audience: 'approver',
    body: { schema: z.strictObject({ comment: text.optional() }), isOptional: true },
    answers: ok('The permission', standing),
  },
  {
    method: 'get',
    path: '/v1/approvals',
    id: 'listApprovals',
    tag: 'approvals',
    summary: 'Approvals, all or of one status',
    audience: 'approver',
    query: { status: z.enum(APPROVAL_STATUSES), limit: z.int().nonnegative() },
    answers: ok('The approvals', z.strictObject({ approvals: z.array(approval) })),
  },
  {
    method: 'get',
    path: '/v1/approvals/pending',
    id: 'pendingApprovals',
    tag: 'approvals',
    summary: 'What waits for a person, a line for each',
    audience: 'approver',
    query: { limit: z.int().nonnegative(), group: text },
    answers: ok(
      'Lines, and how many there are in all',
      z.strictObject({ total: z.int(), pending: z.array(z.looseObject({ id: text })) }),
    ),
  },
  {
    method: 'get',
    path: '/v1/approvals/stream',
    id: 'streamPendingApprovals',
    tag: 'approvals',
    summary: 'What waits for a person, as server-sent events: first all of it, then what changes',
    audience: 'approver',
    answers: stream('Events `added`, `changed` and `removed`'),
  },
  {
    method: 'get',
    path: '/v1/approvals/changes',
    id: 'streamApprovals',
    tag: 'approvals',
    summary: 'What becomes of approvals, as server-sent events; goes on after `Last-Event-ID`',
    audience: 'point',
    query: { from: z.int().nonnegative() },
    answers: stream('Events `approval`, each an approval as it is then; ids are places in the record'),
  },
  {
    method: 'post',
    path: '/v1/approvals/batch',
    id: 'judgeApprovals',
    tag: 'approvals',
    summary: 'One verdict on a listed set, each judged by itself',
    audience: 'approver',
    body: {
      schema: z.strictObject({
        ids: z.array(text).min(1),
        verdict: z.enum(['approve', 'deny']),
        comment: text.optional(),
      }),
    },
    answers: ok(
      'What became of each',
      z.strictObject({ results: z.array(z.looseObject({ id: text, ok: z.boolean() })) }),
    ),
  },
  {
    method: 'get',
    path: '/v1/approvers/away',
    id: 'approversAway',
    tag: 'approvals',
    summary: 'Who is away, and who stands in',
    audience: 'approver',
    answers: ok('Approvers', z.looseObject({ away: anyJson })),
  },
  {
    method: 'post',
    path: '/v1/approvers/away',
    id: 'setAway',
    tag: 'approvals',
    summary: 'Be away until a time, with somebody who stands in; without `delegate`: be back',
    audience: 'approver',
    body: { schema: z.strictObject({ delegate: text.optional(), until: text.optional() }) },
    answers: ok('It is durable', z.strictObject({ ok: z.literal(true) })),
  },
  {
    method: 'get',
    path: '/v1/approvals/{id}',
    id: 'getApproval',
    tag: 'approvals',
    summary: 'One approval',
    audience: 'point',
    answers: ok('The approval', approval),
  },
  {
    method: 'get',
    path: '/v1/approvals/{id}/wait',
    id: 'waitForApproval',
    tag: 'approvals',
    summary: 'Wait until somebody has decided, at most a minute',
    audience: 'point',
    query: { timeout_ms: z.int().nonnegative() },
    answers: ok('The approval as it is then', approval),
  },
  {
    method: 'post',
    path: '/v1/approvals/{id}/cancel',
    id: 'cancelApproval',
    tag: 'approvals',
    summary: 'Withdraw a pending approval',
    audience: 'point',
    answers: ok('The approval as it is now', approval),
  },
  judged('approve'),
  judged('deny'),
  judged('revoke'),
];
