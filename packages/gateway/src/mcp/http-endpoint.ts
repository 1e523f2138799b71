import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authenticator } from '@writ/identity';
import type { CallContext } from './call-context.ts';
import type { Arrival, ClientSession } from './client-session.ts';
import type { Edge, Passage } from './edge-step.ts';
import { EDGE_STEPS } from './edge-steps.ts';
import { createHttpSessions } from './http-sessions.ts';
import { createRequestServer } from './serve-request.ts';
import { createTurns } from './turns.ts';

export interface HttpEndpointOptions {
  readonly context: CallContext;
  /** Begins the session of one client of the older era. */
  readonly openSession: (arrival: Arrival) => ClientSession;
  readonly authenticator: Authenticator;
  /** Host names (without port) that requests may carry; anything else is a rebinding attack. Default: loopback. */
  readonly allowedHosts?: readonly string[];
}

export interface HttpEndpoint {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** MCP over streamable HTTP, both eras: sessions before 2026-07-28, none after. Requests go the way of `EDGE_STEPS`. */
export function createHttpEndpoint(options: HttpEndpointOptions): HttpEndpoint {
  const { context, authenticator, openSession, allowedHosts } = options;
  const sessions = createHttpSessions({ open: openSession, limits: context.limits });
  const requests = createRequestServer(context);
  const turns = createTurns(context.limits.requestsPerCaller);
  const edge: Edge = { context, authenticator, sessions, requests, turns, hosts: allowedHosts ?? LOOPBACK };
  return {
    async handle(request, response) {
      // A step reads only what an earlier one added: a test holds the table to that.
      let passage = { request, response } as Passage;
      for (const step of EDGE_STEPS) {
        context.observe?.(step.name);
        const added = await step.run(edge, passage);
        if (added === undefined) return;
        passage = { ...passage, ...added };
      }
    },
    async close() {
      await sessions.close();
      await requests.close();
    },
  };
}
