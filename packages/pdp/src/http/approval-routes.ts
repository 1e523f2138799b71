import { APPROVAL_STATUSES, type Approval, type ApprovalStatus, type Json } from '@writ/decision';
import type { FastifyInstance } from 'fastify';
import { BATCH_MAX } from '../pipeline/approval-desk.ts';
import type { ApprovalVerdict } from '../pipeline/approval-service.ts';
import { feedApprovals } from './approval-stream.ts';
import { HttpError } from './error-body.ts';
import { type ApiContext, approverOf, isApprover, pointFor } from './http-api.ts';
import { bodyObject, optionalText, queryInteger, queryText, requiredText } from './reading.ts';
import { openStreams } from './stream/open-streams.ts';

/** Longest wait that one request may ask for, ms; callers ask again. */
export const WAIT_MAX_MS = 60_000;
/** Longest time for which somebody may be away. */
const AWAY_MAX_MS = 366 * 24 * 60 * 60_000;

interface IdParams {
  readonly Params: { readonly id: string };
}

/** Approvals: points see and cancel their own; listing and judging need the operator or an approver. */
export function registerApprovalRoutes(app: FastifyInstance, context: ApiContext): void {
  const { approvals } = context.service.administration;
  app.get('/v1/approvals', async (request) => {
    const person = approverOf(request, context);
    const status = queryText(request, 'status');
    const limit = queryInteger(request, 'limit');
    const filter = {
      person,
      ...(status === undefined ? {} : { status: statusNamed(status) }),
      ...(limit === undefined ? {} : { limit }),
    };
    return { approvals: await approvals.list(filter) };
  });
  app.get('/v1/approvals/pending', async (request) => {
    const person = approverOf(request, context);
    const group = queryText(request, 'group');
    const all = await approvals.pending(person);
    const lines = group === undefined ? all : all.filter((line) => line.group === group);
    const limit = queryInteger(request, 'limit') ?? lines.length;
    return { total: lines.length, pending: lines.slice(0, limit) };
  });
  const open = openStreams(app);
  app.get('/v1/approvals/stream', async (request, reply) => {
    const person = approverOf(request, context);
    open.admit();
    await open.run(reply, {}, (stream) => feedApprovals(stream, () => approvals.pending(person)));
  });
  app.get<IdParams>('/v1/approvals/:id', async (request) => {
    const { id } = request.params;
    if (isApprover(request, context)) return known(await approvals.get(id, approverOf(request, context)), id);
    return known(await pointFor(request, context).approval.get(id), id);
  });
  app.get<IdParams>('/v1/approvals/:id/wait', async (request, reply) => {
    const timeoutMs = Math.min(queryInteger(request, 'timeout_ms') ?? WAIT_MAX_MS, WAIT_MAX_MS);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const approval = pointFor(request, context).approval;
    return known(
      await approval.wait(request.params.id, { timeoutMs, signal: gone.signal }),
      request.params.id,
    );
  });
  app.post<IdParams>('/v1/approvals/:id/cancel', async (request) =>
    known(await pointFor(request, context).approval.cancel(request.params.id), request.params.id),
  );
  for (const verb of ['approve', 'deny', 'revoke'] as const) {
    app.post<IdParams>(`/v1/approvals/:id/${verb}`, async (request) => {
      const person = approverOf(request, context);
      return verdict(await approvals[verb](request.params.id, person, commentOf(request.body)));
    });
  }
  registerBatch(app, context);
  registerAway(app, context);
}

/** One verdict on a listed set: each is judged by itself, and told by itself. */
function registerBatch(app: FastifyInstance, context: ApiContext): void {
  const { approvals } = context.service.administration;
  app.post('/v1/approvals/batch', async (request) => {
    const person = approverOf(request, context);
    const body = bodyObject(request.body, ['ids', 'verdict', 'comment']);
    const comment = optionalText(body, 'comment');
    const ids = idsOf(body['ids']);
    const verb = requiredText(body, 'verdict');
    if (verb !== 'approve' && verb !== 'deny')
      throw new HttpError(400, 'request_invalid', '`verdict` is neither approve nor deny');
    const results: object[] = [];
    for (const id of ids) {
      const result = await approvals[verb](id, person, comment);
      results.push(
        result.ok
          ? { id, ok: true, status: result.approval.status }
          : { id, ok: false, code: result.code, message: result.message },
      );
    }
    return { results };
  });
}

function idsOf(value: Json | undefined): readonly string[] {
  const texts = Array.isArray(value) ? (value as readonly Json[]) : [];
  const ids = texts.filter((id) => typeof id === 'string');
  if (ids.length === 0 || ids.length !== texts.length || ids.length > BATCH_MAX)
    throw new HttpError(400, 'request_invalid', `\`ids\` is not a list of 1 to ${BATCH_MAX} approvals`);
  return [...new Set(ids)];
}

/** Delegation while away: an approver speaks for itself only. */
function registerAway(app: FastifyInstance, context: ApiContext): void {
  const { approvals } = context.service.administration;
  app.get('/v1/approvers/away', async (request) => {
    approverOf(request, context);
    return { away: await approvals.away() };
  });
  app.post('/v1/approvers/away', async (request) => {
    const person = approverOf(request, context);
    const body = bodyObject(request.body, ['delegate', 'until']);
    const delegate = optionalText(body, 'delegate');
    if (delegate === undefined) return acted(await approvals.setAway(person));
    if (delegate === person.id)
      throw new HttpError(400, 'request_invalid', 'nobody stands in for themselves');
    const untilMs = Date.parse(requiredText(body, 'until'));
    if (!(untilMs > Date.now() && untilMs < Date.now() + AWAY_MAX_MS))
      throw new HttpError(400, 'request_invalid', '`until` is no time (RFC 3339) within the next year');
    return acted(await approvals.setAway(person, { delegate, untilMs }));
  });
}

function acted(
  outcome: { readonly ok: true } | { readonly ok: false; readonly code: string; readonly message: string },
) {
  if (outcome.ok) return { ok: true };
  throw new HttpError(503, outcome.code, outcome.message);
}

function statusNamed(text: string): ApprovalStatus {
  const status = APPROVAL_STATUSES.find((each) => each === text);
  if (status !== undefined) return status;
  throw new HttpError(400, 'request_invalid', `\`status\` is none of ${APPROVAL_STATUSES.join(', ')}`);
}

function commentOf(body: unknown): string | undefined {
  return body === undefined ? undefined : optionalText(bodyObject(body, ['comment']), 'comment');
}

function known(approval: Approval | undefined, id: string): Approval {
  if (approval === undefined) throw new HttpError(404, 'approval_unknown', `no approval \`${id}\``);
  return approval;
}

const VERDICT_STATUS = {
  approval_unknown: 404,
  approval_not_pending: 409,
  approval_voted: 409,
  approver_not_permitted: 403,
  self_approval: 403,
  policy_error: 503,
  policy_engine_unavailable: 503,
  state_unavailable: 503,
  audit_unavailable: 503,
} as const;

function verdict(result: ApprovalVerdict): Approval {
  if (result.ok) return result.approval;
  throw new HttpError(VERDICT_STATUS[result.code], result.code, result.message);
}
