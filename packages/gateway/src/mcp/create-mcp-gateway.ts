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
import { type GatewayLimits, gatewayLimits } from './limits.ts';
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
  /** How refusals are told to clients. */
  readonly refusals?: RefusalOptions;
  /** Bounds towards clients; what is absent has its default (`GATEWAY_LIMITS`). */
  readonly limits?: Partial<GatewayLimits>;
  /** Hears of each step of the chain that a request takes, by its name, in order. */
  readonly observe?: (step: string) => void;
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
  const limits = gatewayLimits(options.limits);
  const { definitionsTtlMs } = limits;
  const pins = openPins(options.pinsFile);
  const shared = options.upstreams.map((config) => ({ config, upstream: openUpstream(config) }));
  const catalogue = openCatalogue({
    upstreams: shared.map(({ upstream }) => upstream),
    pins,
    definitionsTtlMs,
  });
  const openOwn: OpenOwn = (peerOf) => openOwnConnections({ shared, pins, peerOf, definitionsTtlMs });
  const context: CallContext = {
    point: boundPoint(options.point, limits.decisionWaitMs),
    catalogue,
    refusals: options.refusals ?? {},
    states: createStateSealer(limits.answerWaitMs),
    leases: createLeases(openOwn, limits),
    held: createHeldCalls(limits.answerWaitMs),
    limits,
    ...(options.observe === undefined ? {} : { observe: options.observe }),
  };
  const openSession = (arrival: Arrival) => new ClientSession(context, openOwn, arrival);
  const connections = new Set<StdioSession>();
  const endpoint = createHttpEndpoint({
    context,
    openSession,
    authenticator: options.authenticator ?? createAuthenticator({ providers: [] }),
    ...(options.allowedHosts === undefined ? {} : { allowedHosts: options.allowedHosts }),
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
