import { type Decision, type Json, type JsonObject, PROFILES } from '@writ/decision';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { evaluationsOf, isStopped, mergedItem } from './authzen-evaluations.ts';
import { bodyOf, inputOf, recordRefused, refused } from './authzen-reading.ts';
import { SEARCH_KINDS, searchPath } from './authzen-search.ts';
import { type ApiContext, pointFor } from './http-api.ts';

const EVALUATION_PATH = '/access/v1/evaluation';
const EVALUATIONS_PATH = '/access/v1/evaluations';
/** Needs no credential: it says where to ask, and nothing else. */
export const AUTHZEN_METADATA_PATH = '/.well-known/authzen-configuration';
const { fromInput, toAnswer } = PROFILES['authzen/v1'];

/** AuthZEN's own statuses; what it has none for is the nearest that it has. */
export function authzenStatus(url: string, status: number): number {
  if (!url.startsWith('/access/') || status === 404) return status;
  if (status >= 500 || status === 429) return 500;
  return status === 401 || status === 403 ? status : 400;
}

/**
 * OpenID AuthZEN Authorization API 1.0: one evaluation, several, and the document that says where they are. Each is
 * one decision of the whole pipeline, read and answered by the profile `authzen/v1`, and on record.
 * (https://openid.net/specs/authorization-api-1_0.html)
 */
export function registerAuthzenRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get(AUTHZEN_METADATA_PATH, async (request) =>
    metadataFor(`${request.protocol}://${request.headers.host}`),
  );
  app.post(EVALUATION_PATH, async (request, reply) =>
    evaluateWhole(request, reply, context, await bodyOf(request, context)),
  );
  app.post(EVALUATIONS_PATH, async (request, reply) => {
    const body = await bodyOf(request, context);
    const asked = evaluationsOf(body);
    if (!asked.ok) throw await refused(request, context, asked.problem);
    const { items, semantic } = asked;
    if (items.length === 0) return evaluateWhole(request, reply, context, body);
    const evaluate = (item: Json): Promise<JsonObject> =>
      evaluateItem(request, context, mergedItem(body, item));
    if (semantic === 'execute_all') return { evaluations: await Promise.all(items.map(evaluate)) };
    const evaluations: JsonObject[] = [];
    for (const item of items) {
      const answer = await evaluate(item);
      evaluations.push(answer);
      if (isStopped(semantic, answer['decision'])) break;
    }
    return { evaluations };
  });
}

function metadataFor(base: string): object {
  return {
    policy_decision_point: base,
    access_evaluation_endpoint: `${base}${EVALUATION_PATH}`,
    access_evaluations_endpoint: `${base}${EVALUATIONS_PATH}`,
    ...Object.fromEntries(
      SEARCH_KINDS.map((kind) => [`search_${kind}_endpoint`, `${base}${searchPath(kind)}`]),
    ),
  };
}

type Evaluated =
  | { readonly ok: true; readonly decision: Decision }
  | { readonly ok: false; readonly problem: string };

async function evaluate(request: FastifyRequest, context: ApiContext, body: JsonObject): Promise<Evaluated> {
  const input = inputOf(body);
  const read = typeof input === 'string' ? ({ ok: false, problem: input } as const) : fromInput(input);
  if (!read.ok) return read;
  const decision = await pointFor(request, context).decideClaimed({ request: read.request }, read.claimed);
  return { ok: true, decision };
}

async function evaluateWhole(
  request: FastifyRequest,
  reply: FastifyReply,
  context: ApiContext,
  body: JsonObject,
): Promise<Json> {
  const evaluated = await evaluate(request, context, body);
  if (!evaluated.ok) throw await refused(request, context, evaluated.problem);
  // An answer without context has no other place for it.
  reply.header('x-writ-decision', evaluated.decision.decision_id);
  return toAnswer(evaluated.decision);
}

/** One of several: what fails is a no about itself alone. */
async function evaluateItem(
  request: FastifyRequest,
  context: ApiContext,
  body: JsonObject,
): Promise<JsonObject> {
  const evaluated = await evaluate(request, context, body);
  if (evaluated.ok) return toAnswer(evaluated.decision) as JsonObject;
  await recordRefused(request, context, evaluated.problem);
  return { decision: false, context: { error: { status: 400, message: evaluated.problem } } };
}
