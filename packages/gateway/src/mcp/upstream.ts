import { createHash } from 'node:crypto';
import {
  type CallToolResult,
  Client,
  type ProgressCallback,
  StreamableHTTPClientTransport,
  type Tool,
} from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { canonicalJson, type Json, type JsonObject } from '@writ/decision';

/** An MCP server behind the gateway: a process on stdio, or a streamable HTTP endpoint. */
export type UpstreamConfig = {
  /** Lower-case id, unique in the gateway; the `server` that policies see. */
  readonly id: string;
  /** Longest wait for one answer, ms. Default 60,000. */
  readonly timeoutMs?: number;
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

/** A tool as the upstream describes it, with the digest that decisions and approvals are bound to. */
export interface UpstreamTool {
  readonly definition: Tool;
  /** `sha256:<hex>` of the RFC 8785 form of `{name, description, inputSchema}`. */
  readonly digest: string;
}

export interface Upstream {
  readonly id: string;
  /** Destination as policies see it; absent for a process. */
  readonly address?: { readonly host: string; readonly port?: number };
  /** Asks the upstream anew; never cached, since a changed definition must be seen before a call. */
  tools(): Promise<readonly UpstreamTool[]>;
  call(tool: string, args: JsonObject | undefined, options: CallOptions): Promise<CallToolResult>;
  /** Calls `listener` when the upstream says that its tools changed. */
  onToolsChanged(listener: () => void): void;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** `traceparent` and the like, passed on in `_meta`. */
  readonly meta?: JsonObject;
  readonly onProgress?: ProgressCallback;
}

const TIMEOUT_MS = 60_000;

/** Digest of a tool's definition, as bound into decisions and approvals. */
export function toolDigest(definition: Tool): string {
  const { name, description, inputSchema } = definition;
  const pinned = { name, ...(description === undefined ? {} : { description }), inputSchema };
  return `sha256:${createHash('sha256')
    .update(canonicalJson(pinned as unknown as Json))
    .digest('hex')}`;
}

/** Connects to an upstream on first use and again after it died; a failure is the caller's to answer. */
export function openUpstream(config: UpstreamConfig): Upstream {
  const timeout = config.timeoutMs ?? TIMEOUT_MS;
  const listeners: (() => void)[] = [];
  let connecting: Promise<Client> | undefined;
  let closed = false;

  const connect = async (): Promise<Client> => {
    const client = new Client(
      { name: 'writ', version: '0.1.0' },
      // `auto` on stdio would start a second process to probe the era; a handshake on the first one is enough.
      { versionNegotiation: { mode: 'url' in config ? 'auto' : 'legacy' } },
    );
    client.onclose = () => {
      connecting = undefined;
    };
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      for (const listener of listeners) listener();
    });
    await client.connect(transportOf(config), { timeout });
    return client;
  };
  const client = (): Promise<Client> => {
    if (closed) return Promise.reject(new Error(`upstream ${config.id} is closed`));
    connecting ??= connect().catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  };

  return {
    id: config.id,
    ...('url' in config ? { address: addressOf(config.url) } : {}),
    async tools() {
      const connected = await client();
      const found: UpstreamTool[] = [];
      let cursor: string | undefined;
      do {
        const page = await connected.listTools(cursor === undefined ? {} : { cursor }, { timeout });
        found.push(...page.tools.map((definition) => ({ definition, digest: toolDigest(definition) })));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      return found;
    },
    async call(tool, args, options) {
      const connected = await client();
      return connected.callTool(
        {
          name: tool,
          ...(args === undefined ? {} : { arguments: args as Record<string, unknown> }),
          ...(options.meta === undefined ? {} : { _meta: options.meta as Record<string, unknown> }),
        },
        {
          timeout,
          resetTimeoutOnProgress: true,
          ...(options.signal === undefined ? {} : { signal: options.signal }),
          ...(options.onProgress === undefined ? {} : { onprogress: options.onProgress }),
        },
      );
    },
    onToolsChanged: (listener) => void listeners.push(listener),
    async close() {
      closed = true;
      const open = connecting;
      connecting = undefined;
      await open?.then((connected) => connected.close()).catch(() => undefined);
    },
  };
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
    stderr: 'ignore',
    ...(config.env === undefined ? {} : { env: { ...safeEnvironment(), ...config.env } }),
    ...(config.cwd === undefined ? {} : { cwd: config.cwd }),
  });
}

function safeEnvironment(): Record<string, string> {
  const names = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'SystemRoot', 'USERPROFILE'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function addressOf(url: string): { host: string; port?: number } {
  const { hostname, port } = new URL(url);
  return port === '' ? { host: hostname } : { host: hostname, port: Number(port) };
}
