import type { ActionType, Json, JsonObject, Resource } from '@writ/decision';

/** How a request of the protocol is asked about: the one table from method to decision. */
export interface MethodRule {
  readonly type: ActionType;
  /** `list`: which items may be shown; `call`: may this take effect. */
  readonly phase: 'list' | 'call';
}

/**
 * Every method that passes, and what is decided about it. What is neither here nor in `HANDSHAKE` is refused, on
 * record, and reaches no server.
 */
export const METHODS = {
  'tools/list': { type: 'tool_call', phase: 'list' },
  'tools/call': { type: 'tool_call', phase: 'call' },
  'resources/list': { type: 'resource_read', phase: 'list' },
  'resources/templates/list': { type: 'resource_read', phase: 'list' },
  'resources/read': { type: 'resource_read', phase: 'call' },
  'prompts/list': { type: 'prompt_get', phase: 'list' },
  'prompts/get': { type: 'prompt_get', phase: 'call' },
  'completion/complete': { type: 'completion', phase: 'call' },
} as const satisfies Readonly<Record<string, MethodRule>>;
export type DecidedMethod = keyof typeof METHODS;
/** Methods whose requests name one thing of one server, apart from calls of tools. */
export type RequestMethod = Extract<DecidedMethod, 'resources/read' | 'prompts/get' | 'completion/complete'>;

/** Methods that the gateway answers for itself: they say what it is, and ask no server anything. */
const HANDSHAKE: readonly string[] = ['initialize', 'ping', 'server/discover'];

/** Types of resources by which policies see what a request names. */
export const RESOURCE_TYPES = {
  resource: 'mcp_resource',
  template: 'mcp_resource_template',
  prompt: 'mcp_prompt',
} as const;

/** One resource of a request, as policies see it. */
export function named(kind: keyof typeof RESOURCE_TYPES, id: string): Resource {
  return { type: RESOURCE_TYPES[kind], id };
}

/** The method of a request that is not served; undefined for what is, and for what is no request. */
export function unservedMethod(message: JsonObject): string | undefined {
  const { method, id } = message;
  if (typeof method !== 'string' || id === undefined) return undefined;
  return Object.hasOwn(METHODS, method) || HANDSHAKE.includes(method) ? undefined : method;
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
