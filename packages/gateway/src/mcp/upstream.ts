import {
  type CallToolResult,
  Client,
  type ProgressCallback,
  ProtocolError,
  StreamableHTTPClientTransport,
  type Tool,
} from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { JsonObject } from '@writ/decision';
import { pinDigest, toolDigest } from './definition.ts';

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
export type UpstreamAnswer =
  | { readonly kind: 'result'; readonly result: CallToolResult }
  /** The server answered with a protocol error. */
  | { readonly kind: 'error'; readonly message: string }
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

async function callTool(
  client: Client,
  tool: UpstreamTool,
  args: JsonObject | undefined,
  { signal, meta, onProgress }: CallOptions,
  limits: { readonly timeout: number; readonly maxTotalTimeout: number },
): Promise<UpstreamAnswer> {
  if (signal?.aborted === true) return { kind: 'not_sent' };
  const { outputSchema: _unused, ...toolDefinition } = tool.definition;
  try {
    const result = await client.callTool(
      {
        name: tool.definition.name,
        ...(args === undefined ? {} : { arguments: args as Record<string, unknown> }),
        ...(meta === undefined ? {} : { _meta: meta as Record<string, unknown> }),
      },
      {
        ...limits,
        resetTimeoutOnProgress: true,
        // Headers mirror the schema that was decided on. Output schemas are the client's to check: compiling what a
        // server wrote is no work for the process that decides.
        toolDefinition,
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined ? {} : { onprogress: onProgress }),
      },
    );
    return { kind: 'result', result };
  } catch (error) {
    if (error instanceof ProtocolError) return { kind: 'error', message: error.message };
    return { kind: 'unknown', message: 'The tool server did not answer.' };
  }
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
