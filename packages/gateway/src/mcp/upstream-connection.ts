import { Client, type ClientCapabilities, ProtocolError, type Transport } from '@modelcontextprotocol/client';
import type { JsonObject } from '@writ/decision';
import { type DirectSender, openDirectSender } from './direct-sender.ts';
import { upstreamLimits } from './limits.ts';
import { INPUTS, type InputMethod } from './methods.ts';
import { Patience } from './patience.ts';
import type { Peer } from './peer.ts';
import { TASKS_EXTENSION } from './tasks-extension.ts';
import { isStale } from './upstream-answer.ts';
import type { UpstreamConfig } from './upstream-config.ts';
import { transportOf, watchMemory } from './upstream-transport.ts';

/** An open connection to a server. */
export interface Connection {
  readonly client: Client;
  /** Unique in this process: a tool is called on the connection that described it. */
  readonly number: number;
  readonly era: 'legacy' | 'modern';
  /** The server may keep calls as tasks, and is told that it may (newer era, over HTTP). */
  readonly keepsTasks: boolean;
  readonly patience: Patience;
  /** Calls tools without the SDK; absent where its client has to. */
  readonly direct?: DirectSender;
}

/** What happens to a connection, and on it. */
export interface ConnectionEvents {
  lost(): void;
  listChanged(list: 'tools' | 'prompts' | 'resources'): void;
  updated(uri: string): void;
}

let connections = 0;

/** How the gateway names itself to servers. */
const INFO = { name: 'writ', version: '0.1.0' } as const;

const METHOD_NOT_FOUND = -32_601;

/** Does this failure of a handshake say that the server knows only the newer era. */
export function knowsNewerEraOnly(error: unknown): boolean {
  return isStale(error) || (error instanceof ProtocolError && error.code === METHOD_NOT_FOUND);
}

/**
 * Connects in the era that the server speaks; for a client of its own, which is one of the older era or a request that
 * waits, in the older one. Whoever asks must not leave a process behind: a failure ends it.
 */
export async function connect(
  config: UpstreamConfig,
  peer: Peer | undefined,
  events: ConnectionEvents,
  clients: Set<Client>,
): Promise<Connection> {
  if ('url' in config) {
    return connectAs(peer === undefined ? 'auto' : 'legacy', config, peer, events, clients);
  }
  try {
    // `auto` on stdio would start a second process to probe the era; a handshake on the first one is mostly enough.
    return await connectAs('legacy', config, peer, events, clients);
  } catch (error) {
    if (!knowsNewerEraOnly(error)) throw error;
    return connectAs('auto', config, peer, events, clients);
  }
}

async function connectAs(
  mode: 'auto' | 'legacy',
  config: UpstreamConfig,
  peer: Peer | undefined,
  events: ConnectionEvents,
  clients: Set<Client>,
): Promise<Connection> {
  const capabilities: ClientCapabilities = peer?.capabilities ?? {};
  const client = new Client(INFO, {
    versionNegotiation: { mode },
    capabilities,
    inputRequired: { autoFulfill: false },
  });
  const limits = upstreamLimits(config.limits);
  const patience = new Patience();
  const transport: Transport = transportOf(config, limits);
  let unwatch = () => {};
  let direct: DirectSender | undefined;
  let established = false;
  clients.add(client);
  client.onclose = () => {
    unwatch();
    void direct?.close();
    clients.delete(client);
    // An attempt that failed lost nothing: another one, in the other era, may be on its way.
    if (established) events.lost();
  };
  listenTo(client, events);
  if (peer !== undefined) serve(client, peer, patience);
  try {
    await client.connect(transport, { timeout: limits.timeoutMs });
  } catch (error) {
    // A process that never said hello must not stay behind.
    clients.delete(client);
    await client.close().catch(() => undefined);
    throw error;
  }
  established = true;
  unwatch = watchMemory(transport, limits.memoryBytes);
  connections += 1;
  const era = client.getProtocolEra() ?? 'legacy';
  const keepsTasks = era === 'modern' && 'url' in config && offersTasks(client);
  // Over a client's own connection a server asks while it works, and no time runs out meanwhile.
  if ('url' in config && peer === undefined) {
    direct = openDirectSender({ client, config, limits, era, keepsTasks, info: INFO });
  }
  return {
    client,
    number: connections,
    era,
    keepsTasks,
    patience,
    ...(direct === undefined ? {} : { direct }),
  };
}

function offersTasks(client: Client): boolean {
  const { extensions } = (client.getServerCapabilities() ?? {}) as { readonly extensions?: object };
  return extensions !== undefined && Object.hasOwn(extensions, TASKS_EXTENSION);
}

function listenTo(client: Client, events: ConnectionEvents): void {
  client.setNotificationHandler('notifications/tools/list_changed', () => events.listChanged('tools'));
  client.setNotificationHandler('notifications/prompts/list_changed', () => events.listChanged('prompts'));
  client.setNotificationHandler('notifications/resources/list_changed', () =>
    events.listChanged('resources'),
  );
  client.setNotificationHandler('notifications/resources/updated', ({ params }) =>
    events.updated(params.uri),
  );
}

/** Questions and log messages of the server go to the one client that the connection belongs to. */
function serve(client: Client, peer: Peer, patience: Patience): void {
  const answer = (method: InputMethod, params: unknown, signal: AbortSignal) =>
    patience.during(() => peer.input(method, { ...(params as JsonObject | undefined) }, signal));
  for (const method of Object.keys(INPUTS) as InputMethod[]) {
    if (peer.capabilities[CAPABILITY[method]] === undefined) continue;
    client.setRequestHandler(
      method,
      async ({ params }, { mcpReq }) => (await answer(method, params, mcpReq.signal)) as never,
    );
  }
  client.setNotificationHandler('notifications/message', ({ params }) => peer.log(params as JsonObject));
  client.setNotificationHandler('notifications/elicitation/complete', ({ params }) =>
    peer.pageDone?.(params.elicitationId),
  );
}

const CAPABILITY = {
  'sampling/createMessage': 'sampling',
  'elicitation/create': 'elicitation',
  'roots/list': 'roots',
} as const satisfies Record<InputMethod, keyof ClientCapabilities>;
