import { APPROVAL_STATUSES, type Approval, type ApprovalStatus } from '@writ/decision';
import type { FastifyInstance } from 'fastify';
import type { ApprovalVerdict } from '../pipeline/approval-service.ts';
import { HttpError } from './error-body.ts';
import { type ApiContext, isOperator, pointFor, requireOperator } from './http-api.ts';
import { bodyObject, optionalText, queryInteger, queryText } from './reading.ts';

/** Longest wait that one request may ask for, ms; callers ask again. */
export const WAIT_MAX_MS = 60_000;

interface IdParams {
  readonly Params: { readonly id: string };
}

/** Approvals: points see and cancel their own; listing and judging need the operator. */
export function registerApprovalRoutes(app: FastifyInstance, context: ApiContext): void {
  const { approvals } = context.service.administration;
  app.get('/v1/approvals', async (request) => {
    requireOperator(request, context);
    const status = queryText(request, 'status');
    const filter = status === undefined ? {} : { status: statusNamed(status) };
    return { approvals: await approvals.list(filter) };
  });
  app.get<IdParams>('/v1/approvals/:id', async (request) => {
    const { id } = request.params;
    if (isOperator(request, context)) {
      return known(await approvals.get(id), id);
    }
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
  app.post<IdParams>('/v1/approvals/:id/approve', async (request) => {
    const by = requireOperator(request, context);
    return verdict(await approvals.approve(request.params.id, by, commentOf(request.body)));
  });
  app.post<IdParams>('/v1/approvals/:id/deny', async (request) => {
    const by = requireOperator(request, context);
    return verdict(await approvals.deny(request.params.id, by, commentOf(request.body)));
  });
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
