import type { CallToolResult, Client, LoggingLevel, Result } from '@modelcontextprotocol/client';
import type { JsonObject } from '@writ/decision';
import { toolDigest } from './definition.ts';
import { upstreamLimits } from './limits.ts';
import type { RequestMethod } from './methods.ts';
import { OFFER_SHAPES, type OfferMethod, type Offers } from './offers.ts';
import type { Peer } from './peer.ts';
import { Restarts } from './restarts.ts';
import { isStale, type UpstreamAnswer } from './upstream-answer.ts';
import type { CallOptions, UpstreamTool } from './upstream-call.ts';
import type { UpstreamConfig } from './upstream-config.ts';
import { type Connection, connect } from './upstream-connection.ts';
import { openFeed, type UpstreamChange } from './upstream-feed.ts';
import { sendCall, sendRequest } from './upstream-send.ts';

export interface Upstream {
  readonly id: string;
  /** Destination as policies see it; absent for a process. */
  readonly address?: { readonly host: string; readonly port: number };
  /** The era that is spoken with it, connecting first where needed. */
  era(): Promise<'legacy' | 'modern'>;
  /** Asks the upstream anew; nothing is cached here. */
  tools(): Promise<readonly UpstreamTool[]>;
  /** Calls the tool on the very connection that described it. */
  call(
    tool: UpstreamTool,
    args: JsonObject | undefined,
    options: CallOptions,
  ): Promise<UpstreamAnswer<CallToolResult>>;
  /** What it offers beside tools, asked anew; none where it does not say that it has any. */
  offers<Method extends OfferMethod>(method: Method): Promise<readonly Offers[Method][]>;
  /** Does it say that it has resources. */
  hasResources(): Promise<boolean>;
  /** Sends one request that is no call of a tool, connecting first where needed. */
  request(method: RequestMethod, params: JsonObject, options: CallOptions): Promise<UpstreamAnswer<Result>>;
  /** Takes back one `resources/subscribe`. */
  unsubscribe(uri: string): Promise<void>;
  /** Which log messages it shall send; where it does not log, nothing. */
  setLogLevel(level: LoggingLevel): Promise<void>;
  /** Calls `listener` when the upstream says that something changed, and when its connection is lost. */
  onChange(listener: (change: UpstreamChange) => void): () => void;
  /** Tells whoever listens what the same server said over another connection. */
  announce(change: UpstreamChange): void;
  close(): Promise<void>;
}

/** Connects to an upstream on first use and again after it died; a failure is the caller's to answer. */
export function openUpstream(config: UpstreamConfig, peer?: Peer): Upstream {
  const limits = upstreamLimits(config.limits);
  const timeout = limits.timeoutMs;
  const restarts = new Restarts(limits);
  const feed = openFeed();
  let current: Promise<Connection> | undefined;
  // Those that are still connecting too: closing must not wait for a server that never says hello.
  const clients = new Set<Client>();
  let closed = false;

  const connection = (): Promise<Connection> => {
    if (closed) return Promise.reject(new Error(`upstream ${config.id} is closed`));
    if (current !== undefined) return current;
    const waitMs = restarts.waitMs();
    if (waitMs > 0)
      return Promise.reject(new Error(`upstream ${config.id} failed; next attempt in ${waitMs} ms`));
    restarts.began();
    // An older connection that ends late must not take the newer one down with it.
    const lost = () => {
      if (current === opened) {
        current = undefined;
        if (!closed) restarts.ended();
      }
      feed.publish({ kind: 'lost' });
    };
    const events = {
      lost,
      listChanged: (list: 'tools' | 'prompts' | 'resources') => feed.publish({ kind: list }),
      updated: (uri: string) => feed.publish({ kind: 'updated', uri }),
    };
    const opened: Promise<Connection> = connect(config, peer, events, clients);
    current = opened;
    opened.then((open) => feed.follow(open), lost);
    return opened;
  };

  /** Asks on the open connection; one that the server no longer knows is opened anew, once. */
  const ask = async <Answer>(send: (open: Connection) => Promise<Answer>): Promise<Answer> => {
    const open = await connection();
    try {
      return await send(open);
    } catch (error) {
      if (!isStale(error)) throw error;
      await open.client.close().catch(() => undefined);
      return send(await connection());
    }
  };

  return {
    id: config.id,
    ...('url' in config ? { address: addressOf(config.url) } : {}),
    era: async () => (await connection()).era,
    tools: () => ask((open) => listTools(open, config.id, timeout)),
    async call(tool, args, options) {
      const open = await current?.catch(() => undefined);
      if (open === undefined || open.number !== tool.connection) return { kind: 'not_sent' };
      return sendCall(open, tool, args, options, limits);
    },
    offers: (method) => ask((open) => listOffers(open, method, timeout)),
    hasResources: async () => (await connection()).client.getServerCapabilities()?.resources !== undefined,
    async request(method, params, options) {
      const open = await connection().catch(() => undefined);
      if (open === undefined || options.signal?.aborted === true) return { kind: 'not_sent' };
      if (method === 'resources/subscribe') return feed.subscribe(open, String(params['uri']));
      return sendRequest(open, method, params, options, limits);
    },
    unsubscribe: (uri) => feed.unsubscribe(current, uri),
    async setLogLevel(level) {
      const { client, era } = await connection();
      if (era === 'modern' || client.getServerCapabilities()?.logging === undefined) return;
      await client.setLoggingLevel(level, { timeout });
    },
    onChange: (listener) => feed.onChange(listener),
    announce: (change) => feed.publish(change),
    async close() {
      closed = true;
      current = undefined;
      feed.close();
      await Promise.all([...clients].map((client) => client.close().catch(() => undefined)));
    },
  };
}

async function listTools(
  { client, number }: Connection,
  id: string,
  timeout: number,
): Promise<readonly UpstreamTool[]> {
  // The SDK would answer by itself, and say so on the standard output.
  if (client.getServerCapabilities()?.tools === undefined) return [];
  // `refresh`: how long its list may be kept is not for the upstream to say.
  const { tools } = await client.listTools(undefined, { timeout, cacheMode: 'refresh' });
  const names = new Set(tools.map(({ name }) => name));
  if (names.size !== tools.length) throw new Error(`upstream ${id} lists a tool twice`);
  return tools.map((definition) => ({
    definition,
    digest: toolDigest(definition),
    connection: number,
  }));
}

async function listOffers<Method extends OfferMethod>(
  { client }: Connection,
  method: Method,
  timeout: number,
): Promise<readonly Offers[Method][]> {
  const { naming } = OFFER_SHAPES[method];
  if (client.getServerCapabilities()?.[naming === 'uri' ? 'resources' : 'prompts'] === undefined) return [];
  const options = { timeout, cacheMode: 'bypass' } as const;
  const lists = {
    'resources/list': () => client.listResources(undefined, options),
    'resources/templates/list': () => client.listResourceTemplates(undefined, options),
    'prompts/list': () => client.listPrompts(undefined, options),
  };
  const result = await lists[method]();
  return (result as unknown as Record<string, readonly Offers[Method][]>)[OFFER_SHAPES[method].items] ?? [];
}

const HTTPS_PORT = 443;
const HTTP_PORT = 80;

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port, protocol } = new URL(url);
  const usual = protocol === 'https:' ? HTTPS_PORT : HTTP_PORT;
  return { host: hostname, port: port === '' ? usual : Number(port) };
}
