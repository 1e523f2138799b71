import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type NodeIncomingMessageLike,
  type NodeServerResponseLike,
  toNodeHandler,
} from '@modelcontextprotocol/node';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import type { JsonObject } from '@writ/decision';
import type { Caller } from '@writ/identity';
import { reportMalformed } from './ask-decision.ts';
import type { BoundedPoint } from './bounded-point.ts';
import type { PlainCall } from './direct-call.ts';
import { HeldResponse, type HttpRefusal } from './held-response.ts';
import { type HttpSession, type HttpSessions, RETRY_MS } from './http-sessions.ts';
import { sessionIdOf } from './refuse-transport.ts';
import { sendError } from './send-json.ts';
import { serveDirect } from './serve-direct.ts';

/** One HTTP request of a session, by a caller that is known. */
export interface SessionRequest {
  readonly caller: Caller;
  /** The message of a POST. */
  readonly message?: JsonObject;
  /** The call of a tool in it, where it stands there alone. */
  readonly call?: PlainCall;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Serves a request that names a session, or begins one. */
export async function serveSession(
  sessions: HttpSessions,
  point: BoundedPoint,
  incoming: SessionRequest,
): Promise<void> {
  const { caller, request, response } = incoming;
  const id = sessionIdOf(request);
  if (id === undefined) return begin(sessions, incoming);
  const found = sessions.find(id, { caller });
  // Another caller's session does not exist either: nobody learns which ids do.
  if (found === undefined) return sendError(response, 404, -32_001, 'session_unknown: begin a new session');
  return serve(found, point, incoming);
}

async function begin(sessions: HttpSessions, incoming: SessionRequest): Promise<void> {
  const begun = await sessions.begin({ caller: incoming.caller });
  if (begun === undefined) {
    return sendError(incoming.response, 503, -32_000, 'sessions_exhausted: too many sessions are open');
  }
  await pass(begun, incoming, new HeldResponse(incoming.response, incoming.message?.['id']));
  if (begun.transport.sessionId === undefined) await begun.session.close();
}

async function serve(found: HttpSession, point: BoundedPoint, incoming: SessionRequest): Promise<void> {
  const { caller, message, response } = incoming;
  if (message === undefined) return pass(found, incoming, streamOf(response));
  if (message['method'] === 'notifications/cancelled') found.session.cancel(message['params']);
  const id = message['id'];
  const held = new HeldResponse(response, id);
  const asks = message['method'] !== undefined && (typeof id === 'string' || typeof id === 'number');
  if (!asks) return pass(found, incoming, held);
  const refuseHttp = (refusal: HttpRefusal) => held.refuse(refusal);
  if (!found.session.arrive(id, { caller, refuseHttp })) {
    // Two answers with one id could be taken for each other.
    const reason = 'a request with this id is still on its way';
    await reportMalformed(point, caller, 'request_id_in_use', reason);
    return sendError(response, 400, -32_600, `request_id_in_use: ${reason}`);
  }
  try {
    await (incoming.call === undefined
      ? pass(found, incoming, held)
      : serveCall(found, incoming, incoming.call, held));
  } finally {
    found.session.depart(id);
  }
}

/** A client that leaves has not cancelled: only its word does. */
async function serveCall(
  found: HttpSession,
  incoming: SessionRequest,
  call: PlainCall,
  held: HeldResponse,
): Promise<void> {
  const { session, transport } = found;
  await serveDirect(call, {
    held,
    response: incoming.response,
    ...(transport.sessionId === undefined ? {} : { headers: { 'mcp-session-id': transport.sessionId } }),
    ...(isResumable(incoming.request) ? { streamed: streamOnce(found) } : {}),
    front: (direct) => session.begin(direct),
    takeOver: () => pass(found, incoming, held),
  });
}

/** From this version on a stream begins with an event that only names its place. */
const RESUMABLE_SINCE = '2025-11-25';

function isResumable({ headers }: IncomingMessage): boolean {
  return String(headers['mcp-protocol-version'] ?? '') >= RESUMABLE_SINCE;
}

/** The stream of an answer that is there already, as the session's transport would write it. */
function streamOnce({ events }: HttpSession): (answer: JsonObject) => Promise<string> {
  return async (answer) => {
    const stream = randomUUID();
    const opening = await events.storeEvent(stream, {} as JSONRPCMessage);
    const event = await events.storeEvent(stream, answer as unknown as JSONRPCMessage);
    const data = JSON.stringify(answer);
    return `id: ${opening}\nretry: ${RETRY_MS}\ndata: \n\nevent: message\nid: ${event}\ndata: ${data}\n\n`;
  };
}

function pass(
  { transport }: HttpSession,
  { request, message }: SessionRequest,
  response: NodeServerResponseLike,
): Promise<void> {
  const parsedBody = message === undefined ? {} : { parsedBody: message };
  const handler = toNodeHandler({ fetch: (asked) => transport.handleRequest(asked, parsedBody) });
  return handler(request as NodeIncomingMessageLike, response, message);
}

/** A stream's head goes out before there is anything to say. */
function streamOf(response: ServerResponse): NodeServerResponseLike {
  return {
    get destroyed() {
      return response.destroyed;
    },
    writeHead(status: number, headers: Record<string, string> = {}) {
      response.writeHead(status, headers);
      response.flushHeaders();
    },
    write: (chunk: string | Uint8Array) => response.write(chunk),
    end: (chunk?: string | Uint8Array) => response.end(chunk),
    on: (event: string, listener: (...args: unknown[]) => void) => response.on(event, listener),
  };
}
