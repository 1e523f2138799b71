import { randomUUID } from 'node:crypto';
import { type EventStore, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { callerKey } from './caller-key.ts';
import type { Arrival, ClientSession } from './client-session.ts';
import { createEventStore } from './event-store.ts';
import type { GatewayLimits } from './limits.ts';

/** One session over HTTP: its client, and the way there. */
export interface HttpSession {
  readonly session: ClientSession;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  /** What its client can ask for again. */
  readonly events: EventStore;
}

/** Sessions of the older era, each bound to the caller that began it. */
export interface HttpSessions {
  /** Begins one; undefined where there are too many. It can be found when `initialize` was served. */
  begin(arrival: Arrival): Promise<HttpSession | undefined>;
  /** The session with this id of this caller; anybody else's does not exist. */
  find(id: string, arrival: Arrival): HttpSession | undefined;
  readonly count: number;
  close(): Promise<void>;
}

interface Kept extends HttpSession {
  readonly owner: string;
  seenMs: number;
}

const SWEEP_MS = 60_000;
/** When a client that lost its stream shall come back. */
export const RETRY_MS = 1_000;

export interface HttpSessionsOptions {
  readonly open: (arrival: Arrival) => ClientSession;
  readonly limits: GatewayLimits;
}

export function createHttpSessions(options: HttpSessionsOptions): HttpSessions {
  const { limits } = options;
  const kept = new Map<string, Kept>();
  const end = async (id: string): Promise<void> => {
    const found = kept.get(id);
    if (!kept.delete(id) || found === undefined) return;
    await found.transport.close().catch(() => undefined);
    await found.session.close();
  };
  const sweep = setInterval(
    () => {
      const oldest = performance.now() - limits.sessionIdleMs;
      for (const [id, { seenMs, session }] of kept) {
        if (seenMs < oldest && !session.busy) void end(id);
      }
    },
    Math.min(SWEEP_MS, limits.sessionIdleMs),
  );
  sweep.unref();
  /** A caller that begins more than it may loses the one that it used least lately. */
  const makeRoom = async (owner: string): Promise<boolean> => {
    const own = [...kept].filter(([, session]) => session.owner === owner);
    if (own.length >= limits.sessionsPerCaller) {
      const [[leastId] = [undefined]] = own.sort(([, a], [, b]) => a.seenMs - b.seenMs);
      if (leastId !== undefined) await end(leastId);
    }
    return kept.size < limits.sessions;
  };

  return {
    async begin(arrival) {
      const owner = callerKey(arrival.caller);
      if (!(await makeRoom(owner))) return undefined;
      const session = options.open(arrival);
      const events = createEventStore(limits.sessionEvents, limits.sessionEventBytes);
      const transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        eventStore: events,
        retryInterval: RETRY_MS,
        onsessioninitialized: (id) =>
          void kept.set(id, { session, transport, events, owner, seenMs: performance.now() }),
        onsessionclosed: (id) => void end(id),
      });
      await session.server.connect(transport);
      return { session, transport, events };
    },
    find(id, { caller }) {
      const found = kept.get(id);
      if (found === undefined || found.owner !== callerKey(caller)) return undefined;
      found.seenMs = performance.now();
      return found;
    },
    get count() {
      return kept.size;
    },
    async close() {
      clearInterval(sweep);
      await Promise.all([...kept.keys()].map(end));
    },
  };
}
