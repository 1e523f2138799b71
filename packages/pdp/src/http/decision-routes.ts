import type {
  CompleteCall,
  DecideCall,
  Decision,
  Json,
  JsonObject,
  ListCall,
  ReportCall,
  Resource,
} from '@writ/decision';
import type { FastifyInstance } from 'fastify';
import type { PointHandle } from '../pipeline/service.ts';
import { HttpError } from './error-body.ts';
import { type ApiContext, pointFor } from './http-api.ts';
import { bodyObject } from './reading.ts';

/** Most calls in one batch, and most resources that one request is split by. */
export const BATCH_MAX = 1_000;

/**
 * The native endpoints: bodies are the contract's types. `POST /v1/decide` takes one call, `{requests: [call…]}`
 * (answer `{decisions: […]}` in order), or a call with `each_resource: true`, which is decided once per resource that
 * its action names (answer `{decisions: [{resource, decision}…]}`).
 */
export function registerDecisionRoutes(app: FastifyInstance, context: ApiContext): void {
  app.post('/v1/decide', async (request) => decideBody(pointFor(request, context), request.body));
  app.post('/v1/explain', async (request) =>
    pointFor(request, context).explain(asCall<DecideCall>(request.body)),
  );
  app.post('/v1/complete', async (request) =>
    pointFor(request, context).complete(asCall<CompleteCall>(request.body)),
  );
  app.post('/v1/list', async (request) => pointFor(request, context).list(asCall<ListCall>(request.body)));
  app.post('/v1/report', async (request, reply) => {
    await pointFor(request, context).report(asCall<ReportCall>(request.body));
    return reply.code(202).send({});
  });
}

/** The body as it is: the decision point validates it, so that what it refuses is on record. */
function asCall<Call>(body: unknown): Call {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new HttpError(400, 'request_invalid', 'the body is not a JSON object');
  }
  return body as Call;
}

async function decideBody(point: PointHandle, body: unknown): Promise<unknown> {
  const call = asCall<JsonObject>(body);
  if (Object.hasOwn(call, 'requests')) return decideBatch(point, bodyObject(call, ['requests'])['requests']);
  if (Object.hasOwn(call, 'each_resource')) {
    const { each_resource: split, ...rest } = call;
    if (typeof split !== 'boolean')
      throw new HttpError(400, 'request_invalid', '`each_resource` is not a boolean');
    if (split) return decideEachResource(point, rest as unknown as DecideCall);
    return point.decide(rest as unknown as DecideCall);
  }
  return point.decide(call as unknown as DecideCall);
}

async function decideBatch(point: PointHandle, list: Json | undefined): Promise<{ decisions: Decision[] }> {
  if (!Array.isArray(list)) throw new HttpError(400, 'request_invalid', '`requests` is not a list');
  if (list.length > BATCH_MAX) throw new HttpError(400, 'request_invalid', `more than ${BATCH_MAX} requests`);
  const calls = (list as readonly Json[]).map((each) => asCall<DecideCall>(each));
  return { decisions: await Promise.all(calls.map((call) => point.decide(call))) };
}

/** The same call about one resource at a time; keys that make retries safe are told apart by position. */
async function decideEachResource(
  point: PointHandle,
  call: DecideCall,
): Promise<{ decisions: { resource: Resource; decision: Decision }[] }> {
  const resources = call.request?.action?.resources;
  if (!Array.isArray(resources) || resources.length === 0 || resources.length > BATCH_MAX) {
    throw new HttpError(
      400,
      'request_invalid',
      `\`each_resource\` needs 1 to ${BATCH_MAX} resources in the action`,
    );
  }
  const decisions = (resources as readonly Resource[]).map(async (resource, index) => {
    const key =
      call.idempotency_key === undefined ? {} : { idempotency_key: `${call.idempotency_key}#${index}` };
    const action = { ...call.request.action, resources: [resource] };
    const decision = await point.decide({ ...call, ...key, request: { ...call.request, action } });
    return { resource, decision };
  });
  return { decisions: await Promise.all(decisions) };
}
