import { type Decision, type Json, type JsonObject, PROFILES } from '@writ/decision';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { REQUESTS_PATH } from '../access-request/access-task.ts';
import { type BroughtApproval, baseOf, denialContext, takeApproval } from './authzen-denial.ts';
import { evaluationsOf, isStopped, mergedItem } from './authzen-evaluations.ts';
import { bodyOf, inputOf, recordRefused, refused } from './authzen-reading.ts';
import { ACCESS_REQUEST_CAPABILITY, AUTHZEN_KEYS_PATH } from './authzen-requests.ts';
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
  app.get(AUTHZEN_METADATA_PATH, async (request) => metadataFor(baseOf(request)));
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
    access_request_endpoint: `${base}${REQUESTS_PATH}`,
    jwks_uri: `${base}${AUTHZEN_KEYS_PATH}`,
    capabilities: [ACCESS_REQUEST_CAPABILITY],
  };
}

type Evaluated =
  | { readonly ok: true; readonly decision: Decision; readonly answer: JsonObject }
  | { readonly ok: false; readonly problem: string };

async function evaluate(request: FastifyRequest, context: ApiContext, body: JsonObject): Promise<Evaluated> {
  const input = inputOf(body);
  if (typeof input === 'string') return { ok: false, problem: input };
  const brought = takeApproval(input);
  const read = fromInput(brought.input);
  if (!read.ok) return read;
  const { approvalId } = brought;
  const decision = await pointFor(request, context).decideClaimed(
    { request: read.request, ...(approvalId === undefined ? {} : { approval_id: approvalId }) },
    read.claimed,
  );
  return { ok: true, decision, answer: await answerOf(request, context, decision, brought) };
}

/** A denial also says how people can be asked about it, where they can be. */
async function answerOf(
  request: FastifyRequest,
  context: ApiContext,
  decision: Decision,
  brought: BroughtApproval,
): Promise<JsonObject> {
  const answer = toAnswer(decision) as JsonObject;
  if (answer['decision'] === true) return answer;
  const more = await denialContext(request, context, decision, brought);
  if (Object.keys(more).length === 0) return answer;
  return { ...answer, context: { ...(answer['context'] as JsonObject | undefined), ...more } };
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
  return evaluated.answer;
}

/** One of several: what fails is a no about itself alone. */
async function evaluateItem(
  request: FastifyRequest,
  context: ApiContext,
  body: JsonObject,
): Promise<JsonObject> {
  const evaluated = await evaluate(request, context, body);
  if (evaluated.ok) return evaluated.answer;
  await recordRefused(request, context, evaluated.problem);
  return { decision: false, context: { error: { status: 400, message: evaluated.problem } } };
}
