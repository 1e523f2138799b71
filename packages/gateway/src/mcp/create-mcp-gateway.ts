import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable, Writable } from 'node:stream';
import type { DecisionPoint } from '@writ/decision';
import type { Caller } from '@writ/identity';
import { type Authenticator, createAuthenticator } from '@writ/identity';
import { createInFlight } from '../listener/in-flight.ts';
import { boundPoint } from './bounded-point.ts';
import type { CallContext } from './call-context.ts';
import { callTelemetry, type GatewayTelemetry } from './call-telemetry.ts';
import { type CatalogueTool, openCatalogue } from './catalogue.ts';
import { type Arrival, ClientSession, type OpenOwn } from './client-session.ts';
import { createHeldCalls } from './held-calls.ts';
import { createHttpEndpoint } from './http-endpoint.ts';
import { createLeases } from './leases.ts';
import { type GatewayLimits, gatewayLimits } from './limits.ts';
import { openOwnConnections } from './own-connections.ts';
import { openPins, type SeenDefinition } from './pins.ts';
import type { RefusalOptions } from './refuse.ts';
import { createStateSealer } from './sealed-state.ts';
import { type StdioSession, serveConnection } from './serve-connection.ts';
import { createTaskStore } from './task-store.ts';
import { openUpstream } from './upstream.ts';
import type { UpstreamConfig } from './upstream-config.ts';
import { watchLists } from './watch-lists.ts';

export interface McpGatewayOptions {
  /** Where decisions are made: in process or over HTTP, the same. */
  readonly point: DecisionPoint;
  readonly upstreams: readonly UpstreamConfig[];
  /** Names the callers of HTTP requests; without it nobody is served there. The gateway does not close it. */
  readonly authenticator?: Authenticator;
  /** Host names that HTTP requests may carry; default loopback names. */
  readonly allowedHosts?: readonly string[];
  /** Where definitions are pinned at first sight. */
  readonly pinsFile?: string;
  /**
   * Hears once of each form of a definition that is not the pinned one: it is quarantined, and waits for an operator
   * (`writ mcp diff`, `writ mcp approve`).
   */
  readonly onChanged?: (changed: ChangedDefinition) => void;
  /** Meters and spans; absent: none. */
  readonly telemetry?: GatewayTelemetry;
  /** How refusals are told to clients. */
  readonly refusals?: RefusalOptions;
  /** Bounds towards clients; what is absent has its default (`GATEWAY_LIMITS`). */
  readonly limits?: Partial<GatewayLimits>;
  /** Hears of each step of the chain that a request takes, by its name, in order. */
  readonly observe?: (step: string) => void;
}

/** A definition that is not the pinned one, as it is now. */
export type ChangedDefinition = SeenDefinition;

export interface McpGateway {
  /** Serves one HTTP request (`node:http`). */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Serves one client on a pair of streams, as `caller`: there are no credentials on stdio but the process itself. */
  serveStdio(caller: Caller, input: Readable, output: Writable): StdioSession;
  /** Tools as pinned, of every upstream that answers. */
  tools(): Promise<readonly CatalogueTool[]>;
  /**
   * Something that lists depend on may have changed, such as policies: clients that would see another list than they saw
   * are told so.
   */
  recheckLists(): void;
  /** True from the moment that it was told to stop. */
  readonly stopping: boolean;
  /**
   * Refuses whatever comes from now on, on record, and waits for the requests under way, `waitMs` at most. Resolves with
   * how many had not ended; closing ends them, and they stay on record as of unknown outcome.
   */
  stop(waitMs: number): Promise<number>;
  close(): Promise<void>;
}

/**
 * The MCP enforcement point: clients of either era in front, servers of either era behind, and between them a
 * decision that is on record before anything is forwarded.
 */
export function createMcpGateway(options: McpGatewayOptions): McpGateway {
  const limits = gatewayLimits(options.limits);
  const telemetry = callTelemetry(options.telemetry ?? {});
  const { definitionsTtlMs } = limits;
  const pins = openPins(options.pinsFile);
  const shared = options.upstreams.map((config) => ({ config, upstream: openUpstream(config) }));
  const onChanged = alertOnce((changed) => {
    telemetry.changed(changed.server);
    options.onChanged?.(changed);
  });
  const catalogue = openCatalogue({
    upstreams: shared.map(({ upstream }) => upstream),
    pins,
    definitionsTtlMs,
    onChanged,
  });
  const openOwn: OpenOwn = (peerOf) =>
    openOwnConnections({ shared, pins, peerOf, definitionsTtlMs, onChanged });
  const context: CallContext = {
    point: telemetry.point(boundPoint(options.point, limits.decisionWaitMs)),
    telemetry,
    catalogue,
    refusals: options.refusals ?? {},
    states: createStateSealer(limits.answerWaitMs),
    leases: createLeases(openOwn, limits),
    held: createHeldCalls(limits.answerWaitMs),
    inFlight: createInFlight(),
    tasks: createTaskStore(limits),
    decided: async (id, signal) =>
      (await options.point.approval.wait(id, { timeoutMs: limits.taskTtlMs, signal }))?.status,
    limits,
    ...(options.observe === undefined ? {} : { observe: options.observe }),
  };
  const openSession = (arrival: Arrival) => new ClientSession(context, openOwn, arrival);
  const connections = new Set<StdioSession>();
  let stopping = false;
  const endpoint = createHttpEndpoint({
    context,
    openSession,
    stopping: () => stopping,
    authenticator: options.authenticator ?? createAuthenticator({ providers: [] }),
    ...(options.allowedHosts === undefined ? {} : { allowedHosts: options.allowedHosts }),
  });
  const connected: Gauge = ['writ_gateway_connections', 'Clients on stdio.', () => connections.size];
  gauge(options.telemetry, [...gaugesOf(context, () => endpoint.sessions), connected]);
  const lists = watchLists(shared, options.pinsFile);
  return {
    handle: (request, response) => endpoint.handle(request, response),
    serveStdio(caller, input, output) {
      const connection = serveConnection({
        context,
        openSession,
        caller,
        input,
        output,
        stopping: () => stopping,
      });
      connections.add(connection);
      void connection.ended.then(() => connections.delete(connection));
      return connection;
    },
    tools: () => catalogue.list(),
    recheckLists: lists.recheck,
    get stopping() {
      return stopping;
    },
    async stop(waitMs) {
      stopping = true;
      const left = await Promise.all([context.inFlight.drained(waitMs), endpoint.drained(waitMs)]);
      return Math.max(...left);
    },
    async close() {
      lists.close();
      context.held.close();
      context.tasks.close();
      await Promise.all([...connections].map((connection) => connection.close()));
      await endpoint.close();
      await context.leases.close();
      await catalogue.close();
    },
  };
}

/** Definitions that are kept in mind: a server that offers another one each time cannot fill the memory. */
const ALERTS_MAX = 10_000;

/** Tells of each form of each definition once: a list is asked for again and again. */
function alertOnce(tell: (changed: ChangedDefinition) => void): (changed: ChangedDefinition) => void {
  const told = new Set<string>();
  return (changed) => {
    const key = `${changed.server} ${changed.kind} ${changed.digest}`;
    if (told.has(key) || told.size >= ALERTS_MAX) return;
    told.add(key);
    tell(changed);
  };
}

type Gauge = readonly [name: string, help: string, read: () => number];

function gauge({ meters }: GatewayTelemetry = {}, gauges: readonly Gauge[]): void {
  for (const each of gauges) meters?.gauge(...each);
}

function gaugesOf({ inFlight, held, tasks }: CallContext, sessions: () => number): readonly Gauge[] {
  return [
    ['writ_gateway_sessions', 'Sessions of clients of the older era.', sessions],
    [
      'writ_gateway_requests_in_flight',
      'Requests that are being decided and forwarded.',
      () => inFlight.count,
    ],
    ['writ_gateway_calls_held', 'Calls whose servers wait for an answer of their client.', () => held.count],
    ['writ_gateway_tasks', 'Calls that are kept as tasks.', () => tasks.count],
  ];
}
