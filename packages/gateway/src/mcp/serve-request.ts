import type { IncomingMessage, ServerResponse } from 'node:http';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, type McpHttpHandler, type ServerEventBus } from '@modelcontextprotocol/server';
import type { JsonObject } from '@writ/decision';
import type { Caller } from '@writ/identity';
import { reportMalformed } from './ask-decision.ts';
import type { CallContext } from './call-context.ts';
import { requestFront } from './front.ts';
import { HeldResponse, type HttpRefusal } from './held-response.ts';
import { allowListen } from './listen.ts';
import { sendError } from './send-json.ts';
import { serveMcp } from './serve-mcp.ts';

const KEEP_ALIVE_MS = 15_000;

type Serve = (
  caller: Caller,
  message: JsonObject,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void>;

/** Serves requests that belong to no session: all of the newer era, and of clients that keep none. */
export interface RequestServer {
  readonly serve: Serve;
  /** `subscriptions/listen`: a stream of changes. */
  readonly serveListen: Serve;
  close(): Promise<void>;
}

export function createRequestServer(context: CallContext): RequestServer {
  const open = new Set<McpHttpHandler>();
  let listening = 0;

  const serveWith = async (
    bus: ServerEventBus | undefined,
    ...[caller, message, request, response]: Parameters<Serve>
  ) => {
    // A handler per request binds the caller by construction: nothing of one caller can leak to another.
    const held = new HeldResponse(response, message['id']);
    const refuseHttp = (refusal: HttpRefusal) => held.refuse(refusal);
    const handler = createMcpHandler(
      ({ era }) => serveMcp(requestFront(context, caller, { era, refuseHttp })),
      {
        keepAliveMs: KEEP_ALIVE_MS,
        // What the SDK refuses by itself (headers that disagree with the body, unknown versions) is on record too.
        onerror: (error) => void reportMalformed(context.point, caller, 'message_refused', error.message),
        ...(bus === undefined ? {} : { bus }),
      },
    );
    open.add(handler);
    const lifetime =
      bus === undefined ? undefined : setTimeout(() => void handler.close(), context.limits.listenMs);
    try {
      await toNodeHandler(handler)(request as NodeIncomingMessageLike, held, message);
    } finally {
      clearTimeout(lifetime);
      open.delete(handler);
      await handler.close();
    }
  };

  return {
    serve: (...asked) => serveWith(undefined, ...asked),
    async serveListen(caller, message, request, response) {
      if (listening >= context.limits.listenStreams) {
        return sendError(response, 503, -32_000, 'subscriptions_exhausted: too many streams are open');
      }
      listening += 1;
      const allowed = await allowListen(context, caller, message);
      try {
        await serveWith(allowed.bus, caller, allowed.message, request, response);
      } finally {
        listening -= 1;
        allowed.end();
      }
    },
    async close() {
      await Promise.all([...open].map((handler) => handler.close()));
    },
  };
}
