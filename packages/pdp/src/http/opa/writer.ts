import type { FastifyRequest } from 'fastify';
import type { PolicyWrites, WriteOutcome } from '../../layers/policy-writes.ts';
import { HttpError } from '../error-body.ts';
import { type ApiContext, requireOperator } from '../http-api.ts';

/** The operator, where writing is turned on. */
export function requireWriter(
  request: FastifyRequest,
  context: ApiContext,
): { readonly by: string; readonly writes: PolicyWrites } {
  const by = requireOperator(request, context);
  const { writes } = context;
  if (writes !== undefined) return { by, writes };
  const message =
    'writing policies and data over this API is turned off: `api: {policy_writes: true}` in writ.yaml turns it on, outside of production';
  throw new HttpError(403, 'writes_disabled', message);
}

/** An outcome that is none is an error of OPA's. */
export function settle(outcome: WriteOutcome): void {
  if (outcome.ok) return;
  const { status, code, message, errors } = outcome;
  throw new HttpError(status, code, message, errors === undefined ? {} : { errors });
}
