import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authenticator } from '@writ/identity';
import { createInFlight } from '../listener/in-flight.ts';
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
  /** True while the gateway waits for what is under way, and takes nothing more. */
  readonly stopping: () => boolean;
  /** Host names (without port) that requests may carry; anything else is a rebinding attack. Default: loopback. */
  readonly allowedHosts?: readonly string[];
}

export interface HttpEndpoint {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Resolves with how many requests are not answered: none, or what had not ended in time. */
  drained(waitMs: number): Promise<number>;
  /** Sessions that are open. */
  readonly sessions: number;
  close(): Promise<void>;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** MCP over streamable HTTP, both eras: sessions before 2026-07-28, none after. Requests go the way of `EDGE_STEPS`. */
export function createHttpEndpoint(options: HttpEndpointOptions): HttpEndpoint {
  const { context, authenticator, openSession, allowedHosts, stopping } = options;
  const sessions = createHttpSessions({ open: openSession, limits: context.limits });
  const requests = createRequestServer(context);
  const turns = createTurns(context.limits.requestsPerCaller);
  const answering = createInFlight();
  const hosts = allowedHosts ?? LOOPBACK;
  const edge: Edge = { context, authenticator, sessions, requests, turns, hosts, answering, stopping };
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
    drained: (waitMs) => answering.drained(waitMs),
    get sessions() {
      return sessions.count;
    },
    async close() {
      await sessions.close();
      await requests.close();
    },
  };
}
