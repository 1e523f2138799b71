import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable, Writable } from 'node:stream';
import type { DecisionPoint } from '@writ/decision';
import type { Caller } from '@writ/identity';
import { type Authenticator, createAuthenticator } from '@writ/identity';
import { boundPoint } from './bounded-point.ts';
import type { CallContext } from './call-context.ts';
import { type CatalogueTool, openCatalogue } from './catalogue.ts';
import { type Arrival, ClientSession, type OpenOwn } from './client-session.ts';
import { createHeldCalls } from './held-calls.ts';
import { createHttpEndpoint } from './http-endpoint.ts';
import { createLeases } from './leases.ts';
import { openOwnConnections } from './own-connections.ts';
import { openPins } from './pins.ts';
import type { RefusalOptions } from './refuse.ts';
import { createStateSealer } from './sealed-state.ts';
import { type StdioSession, serveConnection } from './serve-connection.ts';
import { openUpstream } from './upstream.ts';
import type { UpstreamConfig } from './upstream-config.ts';

export interface McpGatewayOptions {
  /** Where decisions are made: in process or over HTTP, the same. */
  readonly point: DecisionPoint;
  readonly upstreams: readonly UpstreamConfig[];
  /** Names the callers of HTTP requests; without it nobody is served there. The gateway does not close it. */
  readonly authenticator?: Authenticator;
  /** Host names that HTTP requests may carry; default loopback names. */
  readonly allowedHosts?: readonly string[];
  /** Where definitions of tools are pinned at first sight. */
  readonly pinsFile?: string;
  /** Oldest list of definitions that a call is held against, ms. Default 5,000; 0 asks before every call. */
  readonly definitionsTtlMs?: number;
  /** How refusals are told to clients. */
  readonly refusals?: RefusalOptions;
  /** Longest wait for one answer of the decision point, ms, after which the call is denied. Default 10,000. */
  readonly decisionWaitMs?: number;
  /** How long a session over HTTP lives that nobody uses, ms. Default 30 minutes. */
  readonly sessionIdleMs?: number;
}

export interface McpGateway {
  /** Serves one HTTP request (`node:http`). */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Serves one client on a pair of streams, as `caller`: there are no credentials on stdio but the process itself. */
  serveStdio(caller: Caller, input: Readable, output: Writable): StdioSession;
  /** Tools as pinned, of every upstream that answers. */
  tools(): Promise<readonly CatalogueTool[]>;
  close(): Promise<void>;
}

/**
 * The MCP enforcement point: clients of either era in front, servers of either era behind, and between them a
 * decision that is on record before anything is forwarded.
 */
export function createMcpGateway(options: McpGatewayOptions): McpGateway {
  const pins = openPins(options.pinsFile);
  const shared = options.upstreams.map((config) => ({ config, upstream: openUpstream(config) }));
  const ttl = options.definitionsTtlMs === undefined ? {} : { definitionsTtlMs: options.definitionsTtlMs };
  const catalogue = openCatalogue({ upstreams: shared.map(({ upstream }) => upstream), pins, ...ttl });
  const openOwn: OpenOwn = (peerOf) => openOwnConnections({ shared, pins, peerOf, ...ttl });
  const context: CallContext = {
    point: boundPoint(options.point, options.decisionWaitMs),
    catalogue,
    refusals: options.refusals ?? {},
    states: createStateSealer(),
    leases: createLeases(openOwn),
    held: createHeldCalls(),
  };
  const openSession = (arrival: Arrival) => new ClientSession(context, openOwn, arrival);
  const connections = new Set<StdioSession>();
  const endpoint = createHttpEndpoint({
    context,
    openSession,
    authenticator: options.authenticator ?? createAuthenticator({ providers: [] }),
    ...(options.allowedHosts === undefined ? {} : { allowedHosts: options.allowedHosts }),
    ...(options.sessionIdleMs === undefined ? {} : { sessionIdleMs: options.sessionIdleMs }),
  });
  return {
    handle: (request, response) => endpoint.handle(request, response),
    serveStdio(caller, input, output) {
      const connection = serveConnection({ context, openSession, caller, input, output });
      connections.add(connection);
      void connection.ended.then(() => connections.delete(connection));
      return connection;
    },
    tools: () => catalogue.list(),
    async close() {
      context.held.close();
      await Promise.all([...connections].map((connection) => connection.close()));
      await endpoint.close();
      await context.leases.close();
      await catalogue.close();
    },
  };
}
