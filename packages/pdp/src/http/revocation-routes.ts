import type { JsonObject } from '@writ/decision';
import type { RevocationTarget } from '@writ/state';
import type { FastifyInstance } from 'fastify';
import { HttpError } from './error-body.ts';
import { type ApiContext, requireOperator } from './http-api.ts';
import { bodyObject, optionalText, requiredText } from './reading.ts';

const KEYS = ['actor', 'principal', 'tenant', 'reason'];

/** `POST /v1/revoke` and `/v1/restore`: who no longer counts, as actor, principal or in a chain of delegation. */
export function registerRevocationRoutes(app: FastifyInstance, context: ApiContext): void {
  const { administration } = context.service;
  for (const act of ['revoke', 'restore'] as const) {
    app.post(`/v1/${act}`, async (request) => {
      const by = requireOperator(request, context);
      const body = bodyObject(request.body, KEYS);
      const outcome = await administration[act](targetOf(body), by, optionalText(body, 'reason'));
      if (!outcome.ok) throw new HttpError(503, outcome.code, outcome.message);
      return { ok: true };
    });
  }
}

/** Exactly one of `actor` and `principal`, in one tenant or in all. */
function targetOf(body: JsonObject): RevocationTarget {
  const named = (['actor', 'principal'] as const).filter((kind) => body[kind] !== undefined);
  const [kind] = named;
  if (kind === undefined || named.length !== 1)
    throw new HttpError(400, 'request_invalid', 'name exactly one of `actor` and `principal`');
  const tenant = optionalText(body, 'tenant');
  return { kind, id: requiredText(body, kind), ...(tenant === undefined ? {} : { tenant }) };
}
