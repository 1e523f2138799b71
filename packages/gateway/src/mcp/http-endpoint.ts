import type { IncomingMessage, ServerResponse } from 'node:http';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  type McpHttpHandler,
  PROTOCOL_VERSION_META_KEY,
} from '@modelcontextprotocol/server';
import type { JsonObject } from '@writ/decision';
import type { Authenticator, Identification } from '../identity/authenticator.ts';
import type { Caller } from '../identity/caller.ts';
import { credentialsOf } from '../identity/credentials.ts';
import { checkMessageClaims } from '../identity/delegation.ts';
import type { IdentityRefusal } from '../identity/refusals.ts';
import { reportUnserved } from './ask-decision.ts';
import type { CallContext } from './authorize-call.ts';
import type { BoundedPoint } from './bounded-point.ts';
import { HeldResponse, type HttpRefusal } from './held-response.ts';
import { methodNotFound, unservedMethod } from './methods.ts';
import { MESSAGE_BYTES_MAX, readMessage } from './read-message.ts';
import { isObject } from './release-content.ts';
import { serveMcp } from './serve-mcp.ts';

export interface HttpEndpointOptions {
  readonly context: CallContext;
  readonly authenticator: Authenticator;
  /** Host names (without port) that requests may carry; anything else is a rebinding attack. Default: loopback. */
  readonly allowedHosts?: readonly string[];
}

export interface HttpEndpoint {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * MCP over streamable HTTP, both eras: `POST` only (sessions are optional before 2026-07-28 and gone after). Checked
 * before a message is looked at: Host and Origin, credentials, media type, size, strict JSON.
 */
export function createHttpEndpoint(options: HttpEndpointOptions): HttpEndpoint {
  const hosts = options.allowedHosts ?? LOOPBACK;
  const open = new Set<McpHttpHandler>();

  const serve = async (
    caller: Caller,
    message: JsonObject,
    request: IncomingMessage,
    response: ServerResponse,
  ) => {
    // A handler per request binds the caller by construction: nothing of one caller can leak to another.
    const held = new HeldResponse(response, message['id']);
    const refuseHttp = (refusal: HttpRefusal) => held.refuse(refusal);
    const handler = createMcpHandler(({ era }) => serveMcp(options.context, caller, { era, refuseHttp }), {
      keepAliveMs: 15_000,
      // What the SDK refuses by itself (headers that disagree with the body, unknown versions) is on record too.
      onerror: (error) =>
        void reportMalformed(options.context.point, caller, 'message_refused', error.message),
    });
    open.add(handler);
    try {
      await toNodeHandler(handler)(request as NodeIncomingMessageLike, held, message);
    } finally {
      open.delete(handler);
      await handler.close();
    }
  };

  return {
    async handle(request, response) {
      const refused = refuseTransport(request, hosts);
      if (refused !== undefined) return sendError(response, refused.status, refused.rpcCode, refused.message);
      const identified = await options.authenticator.authenticate(credentialsOf(request));
      if (!identified.ok) return refuseIdentity(options.context.point, response, identified);
      const { caller } = identified;
      const body = await readBody(request).catch(() => null);
      if (body === null) return void response.destroy();
      if (body === undefined) {
        await reportMalformed(options.context.point, caller, 'message_too_large', 'the body is too large');
        return sendError(response, 413, -32600, `message_too_large: at most ${MESSAGE_BYTES_MAX} bytes`);
      }
      const read = readMessage(body);
      if (!read.ok) {
        await reportMalformed(options.context.point, caller, read.code, read.reason);
        return sendError(response, 400, read.rpcCode, `${read.code}: ${read.reason}`);
      }
      const claim = checkMessageClaims(caller, read.message);
      if (claim !== undefined) {
        const refusal = { ...claim, caller };
        return refuseIdentity(options.context.point, response, { status: 403, refusal, challenges: [] });
      }
      const unserved = unservedMethod(read.message);
      if (unserved !== undefined) {
        await reportUnserved(options.context.point, caller, unserved);
        return sendJson(response, eraOf(read.message) === 'modern' ? 404 : 200, methodNotFound(read.message));
      }
      await serve(caller, read.message, request, response);
    },
    async close() {
      await Promise.all([...open].map((handler) => handler.close()));
    },
  };
}

interface Refusal {
  readonly status: number;
  readonly rpcCode: number;
  readonly message: string;
}

function refuseTransport(request: IncomingMessage, hosts: readonly string[]): Refusal | undefined {
  const host = hostName(request.headers.host);
  if (host === undefined || !hosts.includes(host)) {
    return { status: 403, rpcCode: -32000, message: 'host_refused: this Host is not served here' };
  }
  const { origin } = request.headers;
  if (origin !== undefined && !hosts.includes(originHost(origin) ?? '')) {
    return { status: 403, rpcCode: -32000, message: 'origin_refused: this Origin may not call' };
  }
  if (request.method !== 'POST')
    return { status: 405, rpcCode: -32000, message: 'method_not_allowed: POST only' };
  const media = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (media !== 'application/json') {
    return { status: 415, rpcCode: -32000, message: 'media_type_refused: send application/json' };
  }
  return undefined;
}

function hostName(host: string | undefined): string | undefined {
  return host === undefined
    ? undefined
    : /^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d+)?$/i.exec(host)?.[1]?.toLowerCase();
}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).hostname : undefined;
}

/** The body; undefined when too large, which is found out before it is all there. A client that left is an error. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MESSAGE_BYTES_MAX) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop must not destroy the socket: the refusal still has to go out.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MESSAGE_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
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

async function reportMalformed(
  point: BoundedPoint,
  caller: Caller,
  code: string,
  message: string,
): Promise<void> {
  await point.report({
    kind: 'malformed',
    code,
    message,
    request: { principal: caller.principal, actor: caller.actor },
  });
}

/** Requests of the newer era say their version in `_meta`. */
function eraOf(message: JsonObject): 'modern' | 'legacy' {
  const params = message['params'];
  const meta = isObject(params) ? params['_meta'] : undefined;
  return isObject(meta) && meta[PROTOCOL_VERSION_META_KEY] !== undefined ? 'modern' : 'legacy';
}

function sendError(response: ServerResponse, status: number, code: number, message: string): void {
  sendJson(response, status, { jsonrpc: '2.0', id: null, error: { code, message } });
}

function sendJson(response: ServerResponse, status: number, answer: JsonObject): void {
  if (response.headersSent) return void response.end();
  if (status === 405) response.setHeader('Allow', 'POST');
  // The rest of a refused body is not read: the connection ends with the answer.
  response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' });
  response.end(JSON.stringify(answer));
}
