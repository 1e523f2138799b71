import { type Json, type JsonObject, PROFILES } from '@writ/decision';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { accessTask, REQUESTS_PATH } from '../access-request/access-task.ts';
import { type CallbackRead, readCallback } from '../access-request/callbacks.ts';
import { baseOf, bindingHash } from './authzen-denial.ts';
import { bodyOf, inputOf } from './authzen-reading.ts';
import { type ApiContext, callerOf, pointFor } from './http-api.ts';

/** Needs no credential: it says by which key bindings are verified, and nothing else. */
export const AUTHZEN_KEYS_PATH = '/access/v1/jwks';
export const ACCESS_REQUEST_CAPABILITY = 'urn:openid:authzen:capability:access-request';
const { fromInput } = PROFILES['authzen/v1'];

interface IdParams {
  readonly Params: { readonly id: string };
}

const PROBLEMS = {
  not_requestable: [400, 'access cannot be requested'],
  invalid_denial_binding: [400, 'the request does not fit the denial'],
  expired_denial: [410, 'the denial is too old'],
  duplicate_request: [409, 'the idempotency key was used for another request'],
  unknown_task: [404, 'there is no such request'],
  invalid_task_state: [409, 'the request has ended'],
  invalid_callback: [400, 'the callback is not taken'],
} as const;
type ProblemName = keyof typeof PROBLEMS;

/**
 * AuthZEN's access request profile: a denial that says so is answered by a request, which people judge as any approval;
 * the evaluation is then asked again with the approval.
 * (https://openid.github.io/authzen/authzen-access-request-approval-profile-1_0.html)
 */
export function registerAccessRequestRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get(AUTHZEN_KEYS_PATH, async () => context.service.denials.keys());
  app.post(REQUESTS_PATH, async (request, reply) => submit(request, reply, context));
  app.get<IdParams>(`${REQUESTS_PATH}/:id`, async (request, reply) => {
    const approval = await pointFor(request, context).approval.get(request.params.id);
    return approval === undefined ? problem(reply, 'unknown_task') : accessTask(baseOf(request), approval);
  });
  app.post<IdParams>(`${REQUESTS_PATH}/:id/cancel`, async (request, reply) => {
    const { approval } = pointFor(request, context);
    const before = await approval.get(request.params.id);
    if (before === undefined) return problem(reply, 'unknown_task');
    if (before.status !== 'pending') return problem(reply, 'invalid_task_state');
    const after = await approval.cancel(request.params.id);
    if (after?.status !== 'cancelled') return problem(reply, 'invalid_task_state');
    return accessTask(baseOf(request), after);
  });
}

async function submit(
  request: FastifyRequest,
  reply: FastifyReply,
  context: ApiContext,
): Promise<JsonObject | FastifyReply> {
  const point = pointFor(request, context);
  const body = await bodyOf(request, context);
  const { denial } = body;
  if (body['items'] !== undefined)
    return problem(reply, 'not_requestable', 'several items in one request are not taken: send one each');
  const given = inputOf(body);
  if (typeof given === 'string') return problem(reply, 'invalid_denial_binding', given);
  const token = isObject(denial) ? denial['binding_token'] : undefined;
  if (typeof token !== 'string')
    return problem(reply, 'invalid_denial_binding', '`denial.binding_token` is missing');
  const read = await point.denials.read(token);
  if (!read.ok)
    return problem(reply, read.reason === 'expired' ? 'expired_denial' : 'invalid_denial_binding');
  const { hash, contextMembers } = read.binding;
  if (bindingHash(given, contextMembers) !== hash) return problem(reply, 'invalid_denial_binding');
  const made = fromInput(withContext(given, contextMembers));
  if (!made.ok) return problem(reply, 'invalid_denial_binding', made.problem);
  const callback = callbackIn(body['callback'], request, context);
  if (callback?.ok === false) return problem(reply, 'invalid_callback', callback.problem);
  const key = request.headers['idempotency-key'];
  const justification = justificationIn(given);
  const decision = await point.decideClaimed(
    {
      request: made.request,
      appeal: justification === undefined ? {} : { justification },
      ...(typeof key === 'string' ? { idempotency_key: `access request ${key}`.slice(0, 256) } : {}),
    },
    made.claimed,
  );
  const id = decision.approval?.id;
  if (decision.reason === 'idempotency_mismatch') return problem(reply, 'duplicate_request');
  if (decision.outcome !== 'escalate' || id === undefined)
    return problem(reply, 'not_requestable', decision.reasons[0]?.message ?? decision.reason);
  if (callback?.ok === true && decision.approval?.status === 'pending') {
    const { channel, subscription } = callback;
    const isNoted = await context.service.administration.channels.subscribe(id, channel, subscription);
    if (!isNoted) return problem(reply, 'invalid_callback', 'as many are told of this request as may be');
  }
  // Looked at after that: what ended before is told here, and what ends from now on by the callback.
  const approval = await point.approval.get(id);
  if (approval === undefined) return problem(reply, 'unknown_task');
  const answer = accessTask(baseOf(request), approval);
  reply.header('location', `${baseOf(request)}${REQUESTS_PATH}/${id}`);
  return reply.code(approval.status === 'pending' ? 202 : 201).send(answer);
}

function callbackIn(
  callback: Json | undefined,
  request: FastifyRequest,
  context: ApiContext,
): CallbackRead | undefined {
  if (callback === undefined) return undefined;
  const { pointId } = callerOf(request, context);
  return readCallback(callback, context.callbacks, pointId, baseOf(request));
}

/** The denied evaluation alone: what the request adds to its context is for people. */
function withContext(input: JsonObject, members: readonly string[]): JsonObject {
  const { context, ...parts } = input;
  const kept = isObject(context) ? Object.entries(context).filter(([name]) => members.includes(name)) : [];
  return kept.length === 0 ? parts : { ...parts, context: Object.fromEntries(kept) };
}

const JUSTIFICATION_LENGTH_MAX = 4_096;

function justificationIn({ context }: JsonObject): string | undefined {
  const text = isObject(context) ? context['business_justification'] : undefined;
  return typeof text === 'string' && text !== '' ? text.slice(0, JUSTIFICATION_LENGTH_MAX) : undefined;
}

/** An error of RFC 9457, by the profile's names. */
function problem(reply: FastifyReply, name: ProblemName, detail?: string): FastifyReply {
  const [status, title] = PROBLEMS[name];
  return reply
    .code(status)
    .type('application/problem+json')
    .send({
      // The profile has no name for the one.
      type: `urn:${name === 'invalid_callback' ? 'writ' : 'openid:authzen'}:access-request:error:${name}`,
      title,
      status,
      ...(detail === undefined ? {} : { detail }),
    });
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
