import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, type McpHttpHandler, type ServerEventBus } from '@modelcontextprotocol/server';
import { reportMalformed } from './ask-decision.ts';
import type { CallContext } from './call-context.ts';
import type { CallAnswer, DirectCall, PlainCall } from './direct-call.ts';
import { requestFront } from './front.ts';
import { HeldResponse, type HttpRefusal } from './held-response.ts';
import type { Era } from './methods.ts';
import { serveDirect } from './serve-direct.ts';
import { createListenServer, KEEP_ALIVE_MS, type Serve } from './serve-listen.ts';
import { serveMcp } from './serve-mcp.ts';

/** A call of a tool, and its work where that began already. */
export interface CallServing {
  readonly call: PlainCall;
  readonly era: Era;
  readonly work?: () => Promise<CallAnswer>;
}

/** Serves requests that belong to no session: all of the newer era, and of clients that keep none. */
export interface RequestServer {
  readonly serve: Serve;
  /** A call of a tool that stands in its message alone. */
  readonly serveCall: (about: CallServing, ...asked: Parameters<Serve>) => Promise<void>;
  /** `subscriptions/listen`: a stream of changes. */
  readonly serveListen: Serve;
  close(): Promise<void>;
}

interface Serving {
  readonly held: HeldResponse;
  /** What a stream of changes tells. */
  readonly bus?: ServerEventBus;
  /** A call that is under way. */
  readonly direct?: DirectCall;
}

export function createRequestServer(context: CallContext): RequestServer {
  const open = new Set<McpHttpHandler>();
  const calls = new Set<DirectCall>();

  const serveWith = async (
    { bus, direct, held }: Serving,
    ...[caller, message, request]: Parameters<Serve>
  ): Promise<void> => {
    // A handler per request binds the caller by construction: nothing of one caller can leak to another.
    const refuseHttp = (refusal: HttpRefusal) => held.refuse(refusal);
    const handler = createMcpHandler(
      ({ era }) => serveMcp(requestFront(context, caller, { era, refuseHttp }, direct)),
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

  const listens = createListenServer(context, ({ bus, message }, ...[caller, , request, response]) => {
    const asked = [caller, message, request, response] as const;
    return serveWith({ bus, held: heldOf(asked) }, ...asked);
  });
  return {
    serve: (...asked) => serveWith({ held: heldOf(asked) }, ...asked),
    async serveCall({ call, era, work }, ...asked) {
      const [caller, , , response] = asked;
      const held = heldOf(asked);
      const refuseHttp = (refusal: HttpRefusal) => held.refuse(refusal);
      let begun: DirectCall | undefined;
      const gone = () => {
        if (!response.writableFinished) begun?.abort();
      };
      response.once('close', gone);
      try {
        await serveDirect(call, {
          held,
          response,
          ...(work === undefined ? {} : { work }),
          front: (direct) => {
            begun = direct;
            calls.add(direct);
            return requestFront(context, caller, { era, refuseHttp }, direct);
          },
          takeOver: (direct) => serveWith({ held, direct }, ...asked),
        });
      } finally {
        if (begun !== undefined) calls.delete(begun);
      }
    },
    serveListen: (...asked) => listens.serve(...asked),
    async close() {
      listens.close();
      for (const call of calls) call.abort();
      await Promise.all([...open].map((handler) => handler.close()));
    },
  };
}

function heldOf([, message, , response]: Readonly<Parameters<Serve>>): HeldResponse {
  return new HeldResponse(response, message['id']);
}
