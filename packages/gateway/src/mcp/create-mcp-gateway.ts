import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable, Writable } from 'node:stream';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { DecisionPoint } from '@writ/decision';
import { type Authenticator, createAuthenticator } from '../identity/authenticator.ts';
import type { Caller } from '../identity/caller.ts';
import { reportUnserved } from './ask-decision.ts';
import { boundPoint } from './bounded-point.ts';
import { type CatalogueTool, openCatalogue } from './catalogue.ts';
import { createHttpEndpoint } from './http-endpoint.ts';
import type { RefusalOptions } from './refuse.ts';
import { serveMcp } from './serve-mcp.ts';
import { type StdioRefusals, StrictStdioTransport } from './stdio-transport.ts';
import { openUpstream, type UpstreamConfig } from './upstream.ts';

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
}

export interface StdioSession {
  /** Resolves when the client's side ended. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
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
  const catalogue = openCatalogue({
    upstreams: options.upstreams.map(openUpstream),
    ...(options.pinsFile === undefined ? {} : { pinsFile: options.pinsFile }),
    ...(options.definitionsTtlMs === undefined ? {} : { definitionsTtlMs: options.definitionsTtlMs }),
  });
  const point = boundPoint(options.point, options.decisionWaitMs);
  const context = { point, catalogue, refusals: options.refusals ?? {} };
  const sessions = new Set<StdioSession>();
  const endpoint = createHttpEndpoint({
    context,
    authenticator: options.authenticator ?? createAuthenticator({ providers: [] }),
    ...(options.allowedHosts === undefined ? {} : { allowedHosts: options.allowedHosts }),
  });
  return {
    handle: (request, response) => endpoint.handle(request, response),
    serveStdio(caller, input, output) {
      let end: () => void = () => {};
      const ended = new Promise<void>((resolve) => {
        end = resolve;
      });
      const refusals: StdioRefusals = {
        malformed: (code, message) => {
          const request = { principal: caller.principal, actor: caller.actor };
          void point.report({ kind: 'malformed', code, message, request });
        },
        unserved: (method) => void reportUnserved(point, caller, method),
      };
      const transport = new StrictStdioTransport(input, output, refusals, () => {
        sessions.delete(session);
        end();
      });
      const handle = serveStdio(({ era }) => serveMcp(context, caller, { era }), { transport });
      const session: StdioSession = { ended, close: () => handle.close() };
      sessions.add(session);
      return session;
    },
    tools: () => catalogue.list(),
    async close() {
      await Promise.all([...sessions].map((session) => session.close()));
      await endpoint.close();
      await catalogue.close();
    },
  };
}
