import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AUTHZEN_KEYS_PATH } from './authzen-requests.ts';
import { AUTHZEN_METADATA_PATH } from './authzen-routes.ts';
import { HttpError } from './error-body.ts';
import { HEALTH_PATHS } from './health-routes.ts';
import { type ApiContext, bearerOf, nameOf, requireKnownCaller } from './http-api.ts';
import { OPENAPI_PATH } from './openapi-route.ts';
import { PROOF_PATH } from './operator-proof-route.ts';
import { type OriginPolicy, refusedOrigin } from './origin-check.ts';

/** What a request is held against before anything of it is read. */
export interface Gate {
  readonly context: ApiContext;
  readonly originPolicy: OriginPolicy;
  /** Answers that wait for something to happen. */
  readonly waiting: Set<ServerResponse>;
}

/** Lets a request in, or throws what refuses it. Synchronous: every request comes through here. */
export function admitRequest(
  request: FastifyRequest,
  reply: FastifyReply,
  { context, originPolicy, waiting }: Gate,
): void {
  const requestId = request.headers['x-request-id'];
  if (requestId !== undefined) reply.header('x-request-id', requestId);
  const { ownAuthentication, page } = request.routeOptions.config;
  const refused = refusedOrigin(originPolicy, request.headers, page === true && request.method === 'GET');
  if (refused !== undefined) throw new HttpError(403, 'origin_refused', refused);
  // Before a body is read: who may not ask must not make us read, or write to the record.
  if (isOpen(request)) return;
  // A route that says itself who may use it is held back under load as any other.
  if (ownAuthentication === true) {
    underLoad(context, reply, '', false);
    return;
  }
  requireKnownCaller(request, context);
  if (request.method === 'GET' && LONG_PATH.test(request.url)) {
    waiting.add(reply.raw);
    reply.raw.once('close', () => waiting.delete(reply.raw));
    return;
  }
  const bearer = bearerOf(request, context);
  underLoad(context, reply, nameOf(bearer) ?? '', bearer.kind === 'operator');
}

/** Counts a request among those that are served, until it is answered; throws where there are too many. */
function underLoad(context: ApiContext, reply: FastifyReply, name: string, isOperator: boolean): void {
  context.load.enter(name, isOperator);
  reply.raw.once('close', context.load.leave);
}

/** What waits for something to happen is bounded elsewhere, and does not count as being served. */
const LONG_PATH = /^\/v1\/(?:log\/stream|approvals\/(?:stream|changes)|approvals\/[^/?]+\/wait)(?:\?|$)/;

const OPEN_PATHS: readonly string[] = [
  AUTHZEN_METADATA_PATH,
  AUTHZEN_KEYS_PATH,
  OPENAPI_PATH,
  ...HEALTH_PATHS,
];

/** What answers without a credential. */
export function isOpen({ method, url }: FastifyRequest): boolean {
  if (method !== 'GET') return false;
  const path = url.split('?', 1)[0] ?? url;
  return OPEN_PATHS.includes(path) || url.startsWith(PROOF_PATH);
}
