import {
  type CallToolResult,
  CLIENT_INFO_META_KEY,
  type Client,
  type ClientCapabilities,
  type JSONRPCMessage,
  PROTOCOL_VERSION_META_KEY,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import type { JsonObject } from '@writ/decision';
import type { UpstreamLimits } from './limits.ts';
import type { Era } from './methods.ts';
import { PostedCall } from './posted-call.ts';
import { TASKS_EXTENSION } from './tasks-extension.ts';
import type { TaskBegun } from './tool-answer.ts';
import type { UpstreamAnswer } from './upstream-answer.ts';
import type { CallOptions, UpstreamTool } from './upstream-call.ts';
import type { UpstreamConfig } from './upstream-config.ts';
import { added } from './upstream-params.ts';
import { openHttpWay } from './upstream-post.ts';

/** Calls tools of a server over HTTP without the SDK's client, in the session that it opened. */
export interface DirectSender {
  /** Undefined where the SDK has to send: what the call takes, this does not know. */
  call(
    tool: UpstreamTool,
    args: JsonObject | undefined,
    options: CallOptions,
  ): Promise<UpstreamAnswer<CallToolResult> | TaskBegun> | undefined;
  close(): Promise<void>;
}

export interface DirectSenderOptions {
  readonly client: Client;
  readonly config: Extract<UpstreamConfig, { readonly url: string }>;
  readonly limits: UpstreamLimits;
  readonly era: Era;
  /** The server may keep calls as tasks. */
  readonly keepsTasks: boolean;
  /** How the gateway names itself. */
  readonly info: { readonly name: string; readonly version: string };
}

/** The SDK counts its own requests from 0. */
const FIRST_ID = 1_000_000_000;
const ACCEPT = 'application/json, text/event-stream';

export function openDirectSender(options: DirectSenderOptions): DirectSender | undefined {
  const { client, config, limits, era, keepsTasks, info } = options;
  const { transport } = client;
  const version = client.getNegotiatedProtocolVersion();
  if (!(transport instanceof StreamableHTTPClientTransport) || version === undefined) return undefined;
  const way = openHttpWay({ url: config.url, headers: config.headers ?? {}, limits });
  const { sessionId } = transport;
  const headers = {
    accept: ACCEPT,
    'mcp-protocol-version': version,
    ...(sessionId === undefined || era === 'modern' ? {} : { 'mcp-session-id': sessionId }),
  };
  const envelope = { [PROTOCOL_VERSION_META_KEY]: version, [CLIENT_INFO_META_KEY]: { ...info } };
  let count = FIRST_ID;
  return {
    call(tool, args, options) {
      const { meta, signal, onProgress } = options;
      const { name } = tool.definition;
      if (era === 'modern' && (mirrorsArguments(tool) || !isPlainHeader(name))) return undefined;
      count += 1;
      const id = count;
      const whole = {
        ...meta,
        ...(onProgress === undefined ? {} : { progressToken: id }),
        ...(era === 'modern' ? envelope : {}),
      } as JsonObject;
      const params = {
        name,
        ...(args === undefined ? {} : { arguments: args }),
        ...added({ era }, { ...options, meta: whole, capabilities: declared(options, keepsTasks) }),
      } as JsonObject;
      if (signal?.aborted === true) return Promise.resolve({ kind: 'not_sent' });
      const posted = new PostedCall({
        way,
        era,
        keepsTasks,
        id,
        headers: era === 'modern' ? { ...headers, 'mcp-method': 'tools/call', 'mcp-name': name } : headers,
        message: { jsonrpc: '2.0', id, method: 'tools/call', params },
        limits,
        options: {
          ...(signal === undefined ? {} : { signal }),
          ...(onProgress === undefined ? {} : { onProgress }),
        },
        // Changes that are told, and questions, which are refused here: the SDK hears them as if it had asked.
        aside: (message) => transport.onmessage?.(message as JSONRPCMessage),
        stale: () => void client.close().catch(() => undefined),
      });
      return posted.answer;
    },
    close: () => way.close(),
  };
}

function declared({ capabilities = {} }: CallOptions, keepsTasks: boolean): ClientCapabilities {
  return keepsTasks ? { ...capabilities, extensions: { [TASKS_EXTENSION]: {} } } : capabilities;
}

/** Schemas by which arguments stand in headers too: the SDK's client writes those. */
const mirroring = new WeakMap<object, boolean>();

function mirrorsArguments({ definition: { inputSchema } }: UpstreamTool): boolean {
  const known = mirroring.get(inputSchema);
  if (known !== undefined) return known;
  const mirrors = JSON.stringify(inputSchema).includes('"x-mcp-header"');
  mirroring.set(inputSchema, mirrors);
  return mirrors;
}

/** A name that a header holds as it is. */
function isPlainHeader(name: string): boolean {
  return /^[\x21-\x7e]+$/.test(name) && !name.startsWith('=?');
}
