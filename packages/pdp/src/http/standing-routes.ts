import type { StandingPermission } from '@writ/decision';
import type { FastifyInstance } from 'fastify';
import type { StandingOutcome } from '../pipeline/standing-desk.ts';
import { HttpError } from './error-body.ts';
import { type ApiContext, approverOf, requireOperator } from './http-api.ts';
import { bodyObject, optionalText, queryText } from './reading.ts';

interface IdParams {
  readonly Params: { readonly id: string };
}

/** Standing permissions: approvers see and revoke them; granting one by hand needs the operator. */
export function registerStandingRoutes(app: FastifyInstance, context: ApiContext): void {
  const { standing } = context.service.administration;
  app.get('/v1/standing', async (request) => {
    const person = approverOf(request, context);
    const ended = queryText(request, 'ended') === 'true';
    return { standing: await standing.list({ person, ended }) };
  });
  app.post('/v1/standing', async (request) => {
    const by = requireOperator(request, context);
    const body = bodyObject(request.body, ['grant', 'comment']);
    return granted(await standing.grant(body['grant'], by, optionalText(body, 'comment')));
  });
  app.post<IdParams>('/v1/standing/:id/revoke', async (request) => {
    const person = approverOf(request, context);
    const body = bodyObject(request.body ?? {}, ['comment']);
    return granted(await standing.revoke(request.params.id, person, optionalText(body, 'comment')));
  });
}

const STATUS = {
  request_invalid: 400,
  not_found: 404,
  state_unavailable: 503,
  audit_unavailable: 503,
} as const;

function granted(outcome: StandingOutcome): StandingPermission {
  if (outcome.ok) return outcome.standing;
  throw new HttpError(STATUS[outcome.code], outcome.code, outcome.message);
}
