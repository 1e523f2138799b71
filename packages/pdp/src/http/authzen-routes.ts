import { type Decision, type Json, type JsonObject, PROFILES } from '@writ/decision';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { evaluationsOf, isStopped, mergedItem } from './authzen-evaluations.ts';
import { HttpError } from './error-body.ts';
import { type ApiContext, pointFor } from './http-api.ts';

const EVALUATION_PATH = '/access/v1/evaluation';
const EVALUATIONS_PATH = '/access/v1/evaluations';
/** Needs no credential: it says where to ask, and nothing else. */
export const AUTHZEN_METADATA_PATH = '/.well-known/authzen-configuration';
const ENTITIES = {
  subject: ['type', 'id', 'properties'],
  action: ['name', 'properties'],
  resource: ['type', 'id', 'properties'],
} as const;
const NAMES: readonly string[] = ['type', 'id', 'name'];
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
  };
}

async function bodyOf(request: FastifyRequest, context: ApiContext): Promise<JsonObject> {
  const { 'content-type': type = '' } = request.headers;
  if (!/^application\/json\s*(?:;|$)/i.test(type))
    throw await refused(request, context, 'the `Content-Type` is not `application/json`');
  const { body } = request;
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw await refused(request, context, 'the body is not a JSON object');
  return body as JsonObject;
}

/** What cannot be read is refused before policy, on record. */
async function refused(request: FastifyRequest, context: ApiContext, problem: string): Promise<HttpError> {
  await recordRefused(request, context, problem);
  return new HttpError(400, 'request_invalid', problem);
}

function recordRefused(request: FastifyRequest, context: ApiContext, message: string): Promise<void> {
  return pointFor(request, context).report({ kind: 'malformed', code: 'request_invalid', message });
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

/**
 * The parts that the standard names: others are for versions to come and are passed over, as it demands; properties
 * and context are kept whole. A sentence where a part that it requires is missing.
 */
function inputOf(body: JsonObject): JsonObject | string {
  const input: Record<string, Json> = {};
  for (const [entity, keys] of Object.entries(ENTITIES)) {
    const given = Object.hasOwn(body, entity) ? body[entity] : undefined;
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      return `\`${entity}\` is not an object`;
    const entries = Object.entries(given).filter(([key]) => (keys as readonly string[]).includes(key));
    const known = new Map<string, Json>(entries);
    const bad = keys.find(
      (key) => NAMES.includes(key) && (typeof known.get(key) !== 'string' || known.get(key) === ''),
    );
    if (bad !== undefined) return `\`${entity}.${bad}\` is not a text`;
    input[entity] = Object.fromEntries(known);
  }
  const { context } = body;
  return context === undefined ? input : { ...input, context };
}
