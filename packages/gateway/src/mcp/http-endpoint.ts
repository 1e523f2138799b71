import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '@writ/decision';
import type { Authenticator, Caller, Identification, IdentityRefusal } from '@writ/identity';
import { checkMessageClaims, credentialsOf } from '@writ/identity';
import { reportMalformed, reportUnserved } from './ask-decision.ts';
import type { BoundedPoint } from './bounded-point.ts';
import type { CallContext } from './call-context.ts';
import type { Arrival, ClientSession } from './client-session.ts';
import { createHttpSessions, type HttpSessions } from './http-sessions.ts';
import { isListen } from './listen.ts';
import { eraOf, methodNotFound, unservedMethod } from './methods.ts';
import { readBody } from './read-body.ts';
import { MESSAGE_BYTES_MAX, readMessage } from './read-message.ts';
import { refuseTransport, sessionIdOf } from './refuse-transport.ts';
import { sendError, sendJson } from './send-json.ts';
import { createRequestServer } from './serve-request.ts';
import { serveSession } from './serve-session.ts';

export interface HttpEndpointOptions {
  readonly context: CallContext;
  /** Begins the session of one client of the older era. */
  readonly openSession: (arrival: Arrival) => ClientSession;
  readonly authenticator: Authenticator;
  /** Host names (without port) that requests may carry; anything else is a rebinding attack. Default: loopback. */
  readonly allowedHosts?: readonly string[];
  /** How long a session lives that nobody uses, ms. Default 30 minutes. */
  readonly sessionIdleMs?: number;
}

export interface HttpEndpoint {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
/**
 * MCP over streamable HTTP, both eras: sessions before 2026-07-28, none after. Checked before a message is looked at:
 * Host and Origin, credentials, media type, size, strict JSON.
 */
export function createHttpEndpoint(options: HttpEndpointOptions): HttpEndpoint {
  const hosts = options.allowedHosts ?? LOOPBACK;
  const { context } = options;
  const { point } = context;
  const sessions: HttpSessions = createHttpSessions({
    open: options.openSession,
    ...(options.sessionIdleMs === undefined ? {} : { idleMs: options.sessionIdleMs }),
  });

  const { serve, serveListen, close } = createRequestServer(context);
  return {
    async handle(request, response) {
      const refused = refuseTransport(request, hosts);
      if (refused !== undefined) {
        for (const [name, value] of Object.entries(refused.headers ?? {})) response.setHeader(name, value);
        return sendError(response, refused.status, refused.rpcCode, refused.message);
      }
      const identified = await options.authenticator.authenticate(credentialsOf(request));
      if (!identified.ok) return refuseIdentity(point, response, identified);
      const { caller } = identified;
      if (request.method !== 'POST') return serveSession(sessions, point, { caller, request, response });
      const message = await messageOf(point, caller, request, response);
      if (message === undefined) return;
      if (eraOf(message) === 'modern') {
        const serving = isListen(message) ? serveListen : serve;
        return serving(caller, message, request, response);
      }
      if (sessionIdOf(request) !== undefined || message['method'] === 'initialize') {
        return serveSession(sessions, point, { caller, message, request, response });
      }
      // A client that keeps no session is served as if each request were its first.
      return serve(caller, message, request, response);
    },
    async close() {
      await sessions.close();
      await close();
    },
  };
}

/** The message of a POST; undefined where the request was answered, or its client left. */
async function messageOf(
  point: BoundedPoint,
  caller: Caller,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<JsonObject | undefined> {
  const body = await readBody(request).catch(() => null);
  if (body === null) return void response.destroy();
  if (body === undefined) {
    await reportMalformed(point, caller, 'message_too_large', 'the body is too large');
    return sendError(
      response,
      413,
      -32600,
      `message_too_large: at most ${MESSAGE_BYTES_MAX} bytes`,
    ) as undefined;
  }
  const read = readMessage(body);
  if (!read.ok) {
    await reportMalformed(point, caller, read.code, read.reason);
    return sendError(response, 400, read.rpcCode, `${read.code}: ${read.reason}`) as undefined;
  }
  const { message } = read;
  const claim = checkMessageClaims(caller, message);
  if (claim !== undefined) {
    const refusal = { ...claim, caller };
    return (await refuseIdentity(point, response, { status: 403, refusal, challenges: [] })) as undefined;
  }
  const unserved = unservedMethod(message);
  if (unserved === undefined) return message;
  await reportUnserved(point, caller, unserved);
  return sendJson(response, eraOf(message) === 'modern' ? 404 : 200, methodNotFound(message)) as undefined;
}

/** Only what a valid credential came with is put on record: anybody could fill the disk otherwise. */
async function refuseIdentity(
  point: BoundedPoint,
  response: ServerResponse,
  { status, refusal, challenges }: Omit<Extract<Identification, { ok: false }>, 'ok'>,
): Promise<void> {
  const { code, message, caller }: IdentityRefusal = refusal;
  if (caller !== undefined) await reportMalformed(point, caller, code, message);
  if (challenges.length > 0) response.setHeader('WWW-Authenticate', challenges);
  sendError(response, status, -32001, `${code}: ${message}`);
}
