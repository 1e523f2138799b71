import type { RequestId, ServerContext } from '@modelcontextprotocol/server';
import type { JsonObject } from '@writ/decision';
import type { InputMethod } from './methods.ts';

/** One request of a client as it came in, and the ways in which its client hears something before the answer. */
export interface Asked {
  readonly id: RequestId;
  readonly meta: JsonObject;
  /** What the newer era says with each request; empty in the older one. */
  readonly envelope: JsonObject;
  readonly signal: AbortSignal;
  /** Answers to what a server asked for in an earlier round, and the state that came with the questions. */
  readonly inputs?: { readonly responses: JsonObject; readonly state?: string };
  /** Tells the client something that belongs to this request. */
  notify(notification: { readonly method: string; readonly params: JsonObject }): Promise<void>;
  /** Asks the client something within this request. */
  ask(method: InputMethod, params: JsonObject, waiting: AskWait): Promise<JsonObject>;
}

/** How long an answer of a client is waited for. */
export interface AskWait {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** A request that the SDK serves. */
export function askedOf(extra: ServerContext): Asked {
  const { mcpReq } = extra;
  const state = mcpReq.requestState();
  const responses = mcpReq.inputResponses as JsonObject | undefined;
  const inputs = { responses: responses ?? {}, ...(typeof state === 'string' ? { state } : {}) };
  return {
    id: mcpReq.id,
    meta: { ...(mcpReq._meta as JsonObject | undefined) },
    envelope: { ...(mcpReq.envelope as JsonObject | undefined) },
    signal: mcpReq.signal,
    ...(responses === undefined && typeof state !== 'string' ? {} : { inputs }),
    notify: (notification) => notifyWithin(extra, notification),
    ask: (method, params, waiting) => askWithin(extra, method, params, waiting),
  };
}

/** Tells the client of a request that the SDK serves. */
export function notifyWithin(
  { mcpReq }: ServerContext,
  notification: { readonly method: string; readonly params: JsonObject },
): Promise<void> {
  return mcpReq.notify(notification as Parameters<typeof mcpReq.notify>[0]);
}

/** Asks the client of a request that the SDK serves: within that request, as the protocol wants it. */
export function askWithin(
  { mcpReq }: ServerContext,
  method: InputMethod,
  params: JsonObject,
  { timeoutMs, signal }: AskWait,
): Promise<JsonObject> {
  const waiting = {
    timeout: timeoutMs,
    resetTimeoutOnProgress: true,
    ...(signal === undefined ? {} : { signal }),
  };
  return mcpReq.send({ method, params }, waiting) as Promise<unknown> as Promise<JsonObject>;
}
