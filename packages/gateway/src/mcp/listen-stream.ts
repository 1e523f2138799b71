import type { ServerResponse } from 'node:http';
import {
  SERVER_INFO_META_KEY,
  type ServerEvent,
  SUBSCRIPTION_ID_META_KEY,
} from '@modelcontextprotocol/server';
import type { Json, JsonObject } from '@writ/decision';
import { isObject } from './json-object.ts';
import type { AllowedListen } from './listen.ts';
import { SERVER_INFO } from './serve-mcp.ts';

const METHODS: Readonly<Record<ServerEvent['kind'], string>> = {
  tools_list_changed: 'notifications/tools/list_changed',
  prompts_list_changed: 'notifications/prompts/list_changed',
  resources_list_changed: 'notifications/resources/list_changed',
  resource_updated: 'notifications/resources/updated',
};
const MEMBERS: Readonly<Record<Exclude<ServerEvent['kind'], 'resource_updated'>, string>> = {
  tools_list_changed: 'toolsListChanged',
  prompts_list_changed: 'promptsListChanged',
  resources_list_changed: 'resourcesListChanged',
};

/** What of a request for changes is granted, as its acknowledgement says it. */
export function grantedOf({ message, taskIds }: Pick<AllowedListen, 'message' | 'taskIds'>): JsonObject {
  const { notifications } = (message['params'] ?? {}) as JsonObject;
  const wanted = isObject(notifications) ? notifications : {};
  const lists = Object.values(MEMBERS).filter((member) => wanted[member] === true);
  const { resourceSubscriptions } = wanted;
  return {
    ...Object.fromEntries(lists.map((member) => [member, true])),
    ...(resourceSubscriptions === undefined ? {} : { resourceSubscriptions }),
    ...(taskIds.size === 0 ? {} : { taskIds: [...taskIds] }),
  };
}

/** A stream of changes over HTTP that the SDK does not know how to serve: it tells of tasks too. Ends with its client. */
export async function streamChanges(
  response: ServerResponse,
  id: Json,
  allowed: AllowedListen,
  { lifetimeMs, keepAliveMs, ended }: { lifetimeMs: number; keepAliveMs: number; ended: AbortSignal },
): Promise<void> {
  const about = { [SUBSCRIPTION_ID_META_KEY]: id };
  const write = (message: JsonObject): void =>
    void response.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
  const tell = (method: string, params: JsonObject): void =>
    write({ method, params: { ...params, _meta: about } });
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache, no-transform' });
  const granted = grantedOf(allowed);
  tell('notifications/subscriptions/acknowledged', { notifications: granted });
  const stopListening = allowed.bus.subscribe((event) => {
    if (event.kind !== 'resource_updated' && granted[MEMBERS[event.kind]] !== true) return;
    tell(METHODS[event.kind], event.kind === 'resource_updated' ? { uri: event.uri } : {});
  });
  const stopFollowing = allowed.followTasks((task) => tell('notifications/tasks', task));
  const keepAlive = setInterval(() => void response.write(': keepalive\n\n'), keepAliveMs);
  const gone = new Promise<void>((resolve) => response.once('close', () => resolve()));
  const over = new Promise<void>((resolve) => {
    const lifetime = setTimeout(resolve, lifetimeMs);
    ended.addEventListener('abort', () => resolve(), { once: true });
    void gone.then(() => clearTimeout(lifetime));
  });
  await Promise.race([gone, over]);
  clearInterval(keepAlive);
  stopFollowing();
  stopListening();
  if (response.destroyed || response.writableEnded) return;
  write({
    id,
    result: { resultType: 'complete', _meta: { ...about, [SERVER_INFO_META_KEY]: { ...SERVER_INFO } } },
  });
  response.end();
}
