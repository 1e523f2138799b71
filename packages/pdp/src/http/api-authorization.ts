import type { TLSSocket } from 'node:tls';
import type { JsonObject } from '@writ/decision';
import type { FastifyRequest } from 'fastify';
import { HttpError } from './error-body.ts';
import { type ApiContext, bearerOf, nameOf } from './http-api.ts';
import { isOpaPath } from './opa/errors.ts';

/** What proves somebody's identity is for Writ alone: a policy that logs its input must not give it away. */
const SECRET_HEADERS = ['authorization', 'cookie', 'proxy-authorization'];

/** Refuses a request that `data.system.authz.allow` does not permit; credentials were checked before, and still hold. */
export async function authorizeApiRequest(request: FastifyRequest, context: ApiContext): Promise<void> {
  const verdict = await context.service.administration.authorize(authorizationInput(request, context));
  if (verdict.ok) return;
  const { reason } = verdict;
  // OPA's own paths are refused as OPA refuses them.
  if (isOpaPath(request.url))
    throw new HttpError(401, 'unauthorized', 'request rejected by administrative policy', { reason });
  throw new HttpError(403, 'request_not_permitted', `policy does not permit this request: ${reason}`);
}

/**
 * A request as OPA shows it to `system.authz`: `path` (its steps), `method`, `params` and `headers` (lists of texts),
 * `identity`, `body`, `client_certificates` (PEM). `identity` is the name that the credential stands for, never the
 * token; `role` says what kind of credential it is.
 */
export function authorizationInput(request: FastifyRequest, context: ApiContext): JsonObject {
  const [path = ''] = request.url.split('?', 1);
  const found = bearerOf(request, context);
  const identity = nameOf(found);
  const { body } = request;
  return {
    path: path
      .split('/')
      .filter((step) => step !== '')
      .map(decoded),
    method: request.method,
    params: lists(request.query as Readonly<Record<string, unknown>>),
    headers: Object.fromEntries(
      Object.entries(lists(request.headers))
        .filter(([name]) => !SECRET_HEADERS.includes(name))
        .map(([name, values]) => [canonicalName(name), values]),
    ),
    role: found.kind,
    ...(identity === undefined ? {} : { identity }),
    ...(body === undefined || body === null || Buffer.isBuffer(body) ? {} : { body: body as JsonObject }),
    client_certificates: certificatesOf(request),
  };
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

function lists(values: Readonly<Record<string, unknown>>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, [value].flat().map(String)]],
    ),
  );
}

/** As Go writes names of headers, which OPA's policies are written for: `Content-Type`. */
function canonicalName(name: string): string {
  return name.replace(/(?:^|-)[a-z]/g, (letters) => letters.toUpperCase());
}

/** What the client proved to hold, where the listener asked for it; an unproven certificate is none. */
function certificatesOf({ raw }: FastifyRequest): string[] {
  const socket = raw.socket as Partial<TLSSocket>;
  if (socket.authorized !== true) return [];
  const certificate = socket.getPeerX509Certificate?.();
  return certificate === undefined ? [] : [certificate.toString()];
}
