import {
  type CallToolResult,
  Client,
  type CompleteRequest,
  type GetPromptRequest,
  type ProgressCallback,
  ProtocolError,
  type ReadResourceRequest,
  type Result,
  StreamableHTTPClientTransport,
  type Tool,
} from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { JsonObject } from '@writ/decision';
import { pinDigest, toolDigest } from './definition.ts';
import type { RequestMethod } from './methods.ts';
import { OFFER_SHAPES, type OfferMethod, type Offers } from './offers.ts';

/** An MCP server behind the gateway: a process on stdio, or a streamable HTTP endpoint. */
export type UpstreamConfig = {
  /** Lower-case id, unique in the gateway; the `server` that policies see. */
  readonly id: string;
  /** Longest wait for an answer or the next sign of progress, ms. Default 60,000. */
  readonly timeoutMs?: number;
  /** Longest wait for an answer however much progress is reported, ms. Default ten times `timeoutMs`. */
  readonly timeoutTotalMs?: number;
} & (
  | {
      readonly command: string;
      readonly args?: readonly string[];
      /** The whole environment of the child beside PATH, HOME and the like; nothing else is inherited. */
      readonly env?: Readonly<Record<string, string>>;
      readonly cwd?: string;
    }
  | {
      readonly url: string;
      /** The upstream's own credential. The caller's is never passed on. */
      readonly headers?: Readonly<Record<string, string>>;
    }
);

/** A tool as the upstream describes it. */
export interface UpstreamTool {
  readonly definition: Tool;
  /** Digest that decisions and approvals are bound to. */
  readonly digest: string;
  /** Digest that is held against the pin. */
  readonly pinDigest: string;
  /** Number of the connection that described it. */
  readonly connection: number;
}

/** How a forwarded call ended. */
export type UpstreamAnswer<Answer extends Result = CallToolResult> =
  | { readonly kind: 'result'; readonly result: Answer }
  /** The server answered with a protocol error. */
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  /** Nothing was sent: the connection that described the tool is gone. */
  | { readonly kind: 'not_sent' }
  /** The request may have reached the server; what became of it is not known. */
  | { readonly kind: 'unknown'; readonly message: string };

export interface Upstream {
  readonly id: string;
  /** Destination as policies see it; absent for a process. */
  readonly address?: { readonly host: string; readonly port: number };
  /** Asks the upstream anew; nothing is cached here. */
  tools(): Promise<readonly UpstreamTool[]>;
  /** Calls the tool on the very connection that described it. */
  call(tool: UpstreamTool, args: JsonObject | undefined, options: CallOptions): Promise<UpstreamAnswer>;
  /** What it offers beside tools, asked anew; none where it does not say that it has any. */
  offers<Method extends OfferMethod>(method: Method): Promise<readonly Offers[Method][]>;
  /** Does it say that it has resources. */
  hasResources(): Promise<boolean>;
  /** Sends one request that is no call of a tool, connecting first where needed. */
  request(method: RequestMethod, params: JsonObject, options: CallOptions): Promise<UpstreamAnswer<Result>>;
  /** Calls `listener` when the upstream says that its tools changed, and when its connection is lost. */
  onToolsChanged(listener: () => void): void;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Trace context, passed on in `_meta`. */
  readonly meta?: JsonObject;
  readonly onProgress?: ProgressCallback;
}

interface Connection {
  readonly client: Client;
  readonly number: number;
}

const TIMEOUT_MS = 60_000;
const TOTAL_FACTOR = 10;

/** Connects to an upstream on first use and again after it died; a failure is the caller's to answer. */
export function openUpstream(config: UpstreamConfig): Upstream {
  const timeout = config.timeoutMs ?? TIMEOUT_MS;
  const maxTotalTimeout = config.timeoutTotalMs ?? timeout * TOTAL_FACTOR;
  const listeners: (() => void)[] = [];
  let current: Promise<Connection> | undefined;
  // Those that are still connecting too: closing must not wait for a server that never says hello.
  const clients = new Set<Client>();
  let connections = 0;
  let closed = false;

  const notify = () => {
    for (const listener of listeners) listener();
  };
  const connect = async (number: number, lost: () => void): Promise<Connection> => {
    // `auto` on stdio would start a second process to probe the era; a handshake on the first one is enough.
    const mode = 'url' in config ? 'auto' : 'legacy';
    const client = new Client({ name: 'writ', version: '0.1.0' }, { versionNegotiation: { mode } });
    clients.add(client);
    client.onclose = () => {
      clients.delete(client);
      lost();
    };
    client.setNotificationHandler('notifications/tools/list_changed', notify);
    try {
      await client.connect(transportOf(config), { timeout });
    } catch (error) {
      // A process that never said hello must not stay behind.
      clients.delete(client);
      await client.close().catch(() => undefined);
      throw error;
    }
    return { client, number };
  };
  const connection = (): Promise<Connection> => {
    if (closed) return Promise.reject(new Error(`upstream ${config.id} is closed`));
    if (current !== undefined) return current;
    connections += 1;
    // An older connection that ends late must not take the newer one down with it.
    const lost = () => {
      if (current === opened) current = undefined;
      notify();
    };
    const opened = connect(connections, lost);
    current = opened;
    opened.catch(lost);
    return opened;
  };

  return {
    id: config.id,
    ...('url' in config ? { address: addressOf(config.url) } : {}),
    tools: async () => listTools(await connection(), config.id, timeout),
    async call(tool, args, options) {
      const open = await current?.catch(() => undefined);
      if (open === undefined || open.number !== tool.connection) return { kind: 'not_sent' };
      return callTool(open.client, tool, args, options, { timeout, maxTotalTimeout });
    },
    offers: async (method) => listOffers(await connection(), method, timeout),
    hasResources: async () => (await connection()).client.getServerCapabilities()?.resources !== undefined,
    async request(method, params, options) {
      const open = await connection().catch(() => undefined);
      if (open === undefined || options.signal?.aborted === true) return { kind: 'not_sent' };
      return answerOf(() => SENDERS[method](open.client, params, options, { timeout, maxTotalTimeout }));
    },
    onToolsChanged: (listener) => void listeners.push(listener),
    async close() {
      closed = true;
      current = undefined;
      await Promise.all([...clients].map((client) => client.close().catch(() => undefined)));
    },
  };
}

async function listTools(
  { client, number }: Connection,
  id: string,
  timeout: number,
): Promise<readonly UpstreamTool[]> {
  // `refresh`: how long its list may be kept is not for the upstream to say.
  const { tools } = await client.listTools(undefined, { timeout, cacheMode: 'refresh' });
  const names = new Set(tools.map(({ name }) => name));
  if (names.size !== tools.length) throw new Error(`upstream ${id} lists a tool twice`);
  return tools.map((definition) => ({
    definition,
    digest: toolDigest(definition),
    pinDigest: pinDigest(definition),
    connection: number,
  }));
}

async function listOffers<Method extends OfferMethod>(
  { client }: Connection,
  method: Method,
  timeout: number,
): Promise<readonly Offers[Method][]> {
  // The client answers by itself, with none, where the server does not say that it has any.
  const options = { timeout, cacheMode: 'bypass' } as const;
  const lists = {
    'resources/list': () => client.listResources(undefined, options),
    'resources/templates/list': () => client.listResourceTemplates(undefined, options),
    'prompts/list': () => client.listPrompts(undefined, options),
  };
  const result = await lists[method]();
  return (result as unknown as Record<string, readonly Offers[Method][]>)[OFFER_SHAPES[method].items] ?? [];
}

interface Limits {
  readonly timeout: number;
  readonly maxTotalTimeout: number;
}

type Sender = (client: Client, params: JsonObject, options: CallOptions, limits: Limits) => Promise<Result>;

/** How each request is sent. Its parameters are those that were decided on. */
const SENDERS: Readonly<Record<RequestMethod, Sender>> = {
  'resources/read': (client, params, options, limits) =>
    client.readResource(withMeta<ReadResourceRequest['params']>(params, options), {
      ...requestOptions(options, limits),
      cacheMode: 'bypass',
    }),
  'prompts/get': (client, params, options, limits) =>
    client.getPrompt(withMeta<GetPromptRequest['params']>(params, options), requestOptions(options, limits)),
  'completion/complete': (client, params, options, limits) =>
    client.complete(withMeta<CompleteRequest['params']>(params, options), requestOptions(options, limits)),
};

function withMeta<Params>(params: JsonObject, { meta }: CallOptions): Params {
  return { ...params, ...(meta === undefined ? {} : { _meta: meta }) } as Params;
}

function requestOptions({ signal, onProgress }: CallOptions, limits: Limits) {
  return {
    ...limits,
    resetTimeoutOnProgress: true,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onprogress: onProgress }),
  };
}

async function answerOf<Answer extends Result>(send: () => Promise<Answer>): Promise<UpstreamAnswer<Answer>> {
  try {
    return { kind: 'result', result: await send() };
  } catch (error) {
    if (error instanceof ProtocolError) return { kind: 'error', code: error.code, message: error.message };
    return { kind: 'unknown', message: 'The server did not answer.' };
  }
}

async function callTool(
  client: Client,
  tool: UpstreamTool,
  args: JsonObject | undefined,
  options: CallOptions,
  limits: Limits,
): Promise<UpstreamAnswer> {
  if (options.signal?.aborted === true) return { kind: 'not_sent' };
  const { outputSchema: _unused, ...toolDefinition } = tool.definition;
  const params = {
    name: tool.definition.name,
    ...(args === undefined ? {} : { arguments: args as Record<string, unknown> }),
    ...(options.meta === undefined ? {} : { _meta: options.meta as Record<string, unknown> }),
  };
  // Headers mirror the schema that was decided on. Output schemas are the client's to check: compiling what a server
  // wrote is no work for the process that decides.
  return answerOf(() => client.callTool(params, { ...requestOptions(options, limits), toolDefinition }));
}

function transportOf(config: UpstreamConfig): StdioClientTransport | StreamableHTTPClientTransport {
  if ('url' in config) {
    return new StreamableHTTPClientTransport(new URL(config.url), {
      requestInit: { headers: { ...config.headers }, redirect: 'error' },
    });
  }
  return new StdioClientTransport({
    command: config.command,
    args: [...(config.args ?? [])],
    // Nobody reads it: a pipe that fills up would stop the child.
    stderr: 'ignore',
    // The transport itself inherits only PATH, HOME and the like.
    ...(config.env === undefined ? {} : { env: { ...config.env } }),
    ...(config.cwd === undefined ? {} : { cwd: config.cwd }),
  });
}

const HTTPS_PORT = 443;
const HTTP_PORT = 80;

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port, protocol } = new URL(url);
  const usual = protocol === 'https:' ? HTTPS_PORT : HTTP_PORT;
  return { host: hostname, port: port === '' ? usual : Number(port) };
}
