import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerEventBus } from '@modelcontextprotocol/server';
import type { JsonObject } from '@writ/decision';
import type { Caller } from '@writ/identity';
import { errorMessage, newerFault } from './answer-task.ts';
import { reportMalformed } from './ask-decision.ts';
import type { CallContext } from './call-context.ts';
import { callerKey } from './caller-key.ts';
import { isObject } from './json-object.ts';
import { allowListen, asksForTasks } from './listen.ts';
import { streamChanges } from './listen-stream.ts';
import { sendError, sendJson } from './send-json.ts';
import { createTurns } from './turns.ts';

export const KEEP_ALIVE_MS = 15_000;

/** Serves one HTTP request by a caller that is known. */
export type Serve = (
  caller: Caller,
  message: JsonObject,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void>;

/** Streams of changes over HTTP: so many of each caller, and of all together. */
export interface ListenServer {
  readonly serve: Serve;
  close(): void;
}

/** `serveSdk` serves those that tell of nothing but what the SDK knows. */
export function createListenServer(
  context: CallContext,
  serveSdk: (
    allowed: { readonly bus: ServerEventBus; readonly message: JsonObject },
    ...asked: Parameters<Serve>
  ) => Promise<void>,
): ListenServer {
  const streams = createTurns(context.limits.listenStreamsPerCaller);
  const closing = new AbortController();
  let listening = 0;
  const listen: Serve = async (caller, message, request, response) => {
    const tasks = asksForTasks(message);
    const { id = null, params } = message;
    const fault = tasks ? newerFault(message, isObject(params) ? params : {}, request.headers) : undefined;
    if (fault !== undefined) {
      await reportMalformed(context.point, caller, 'message_refused', fault.message);
      return sendJson(response, 400, errorMessage(id, fault));
    }
    const allowed = await allowListen(context, caller, message);
    try {
      if (!tasks) return await serveSdk(allowed, caller, message, request, response);
      const { listenMs: lifetimeMs } = context.limits;
      const bounds = { lifetimeMs, keepAliveMs: KEEP_ALIVE_MS, ended: closing.signal };
      await streamChanges(response, id, allowed, bounds);
    } finally {
      allowed.end();
    }
  };
  return {
    async serve(caller, message, request, response) {
      const place = listening < context.limits.listenStreams ? streams.take(callerKey(caller)) : undefined;
      if (place === undefined)
        return sendError(response, 503, -32_000, 'subscriptions_exhausted: too many streams are open');
      listening += 1;
      try {
        await listen(caller, message, request, response);
      } finally {
        listening -= 1;
        place();
      }
    },
    close: () => closing.abort(),
  };
}
