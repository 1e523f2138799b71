import { PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server';
import type { ActionType, Json, JsonObject, Resource } from '@writ/decision';

/** How a request of the protocol is asked about: the one table from method to decision. */
export interface MethodRule {
  readonly type: ActionType;
  /** `list`: which items may be shown; `call`: may this take effect. */
  readonly phase: 'list' | 'call';
  /** The only era that has the method; absent: both have it. */
  readonly era?: Era;
}

/** Eras of the protocol: up to 2025-11-25, and from 2026-07-28 on. */
export type Era = 'legacy' | 'modern';

/**
 * Every method of clients that passes, and what is decided about it. What is neither here nor in `ANSWERED` is refused,
 * on record, and reaches no server.
 */
export const METHODS = {
  'tools/list': { type: 'tool_call', phase: 'list' },
  'tools/call': { type: 'tool_call', phase: 'call' },
  'resources/list': { type: 'resource_read', phase: 'list' },
  'resources/templates/list': { type: 'resource_read', phase: 'list' },
  'resources/read': { type: 'resource_read', phase: 'call' },
  'resources/subscribe': { type: 'resource_subscribe', phase: 'call', era: 'legacy' },
  'subscriptions/listen': { type: 'resource_subscribe', phase: 'call', era: 'modern' },
  'prompts/list': { type: 'prompt_get', phase: 'list' },
  'prompts/get': { type: 'prompt_get', phase: 'call' },
  'completion/complete': { type: 'completion', phase: 'call' },
  'tasks/list': { type: 'task', phase: 'list', era: 'legacy' },
  'tasks/get': { type: 'task', phase: 'call' },
  'tasks/result': { type: 'task', phase: 'call', era: 'legacy' },
  'tasks/update': { type: 'task', phase: 'call', era: 'modern' },
  'tasks/cancel': { type: 'task', phase: 'call' },
} as const satisfies Readonly<Record<string, MethodRule>>;
export type DecidedMethod = keyof typeof METHODS;
/** Methods whose requests name one thing of one server, apart from calls of tools. */
export type RequestMethod = Extract<
  DecidedMethod,
  'resources/read' | 'resources/subscribe' | 'prompts/get' | 'completion/complete'
>;

/** A method that the gateway answers for itself, with why no decision is needed. */
export interface AnsweredMethod {
  readonly why: string;
  readonly era?: Era;
}

/** Every method that the gateway answers for itself. */
export const ANSWERED: Readonly<Record<string, AnsweredMethod>> = {
  initialize: { why: 'says what the gateway is', era: 'legacy' },
  ping: { why: 'says that the gateway is there', era: 'legacy' },
  'server/discover': { why: 'says what the gateway is', era: 'modern' },
  'logging/setLevel': { why: 'which log messages the client wants: one of eight words', era: 'legacy' },
  'resources/unsubscribe': { why: 'takes back what was allowed', era: 'legacy' },
};

/** How a question of a server to its client is asked about. */
export interface InputRule {
  readonly type: ActionType;
  /** `action.operation`, where the type alone does not say what is asked. */
  readonly operation?: string;
}

/** Every question of servers that passes on to clients. What is not here is refused. */
export const INPUTS = {
  'sampling/createMessage': { type: 'sampling' },
  'elicitation/create': { type: 'elicitation' },
  'roots/list': { type: 'elicitation', operation: 'roots/list' },
} as const satisfies Readonly<Record<string, InputRule>>;
export type InputMethod = keyof typeof INPUTS;

export function isInputMethod(method: unknown): method is InputMethod {
  return typeof method === 'string' && Object.hasOwn(INPUTS, method);
}

/** Types of resources by which policies see what a request names. */
export const RESOURCE_TYPES = {
  resource: 'mcp_resource',
  template: 'mcp_resource_template',
  prompt: 'mcp_prompt',
  task: 'mcp_task',
} as const;

/** One resource of a request, as policies see it. */
export function named(kind: keyof typeof RESOURCE_TYPES, id: string): Resource {
  return { type: RESOURCE_TYPES[kind], id };
}

/** The method of a request that is not served in its era; undefined for what is, and for what is no request. */
export function unservedMethod(message: JsonObject): string | undefined {
  const { method, id } = message;
  if (typeof method !== 'string' || id === undefined) return undefined;
  const rules: Readonly<Record<string, MethodRule | AnsweredMethod>> = Object.hasOwn(METHODS, method)
    ? METHODS
    : ANSWERED;
  if (!Object.hasOwn(rules, method)) return method;
  // A request of the newer era that does not say so is malformed, which the reader of its envelope tells.
  return rules[method]?.era === 'legacy' && eraOf(message) === 'modern' ? method : undefined;
}

/** Requests of the newer era say their version in `_meta`. */
export function eraOf({ params }: JsonObject): Era {
  const { _meta: meta } = (params ?? {}) as JsonObject;
  return (meta as JsonObject | undefined)?.[PROTOCOL_VERSION_META_KEY] === undefined ? 'legacy' : 'modern';
}

/** The answer to a request whose method is not served. */
export function methodNotFound(message: JsonObject): JsonObject {
  const id: Json | undefined = message['id'];
  return {
    jsonrpc: '2.0',
    id: typeof id === 'string' || typeof id === 'number' ? id : null,
    error: { code: -32601, message: 'Method not found' },
  };
}
