import { randomUUID } from 'node:crypto';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { callerKey } from './caller-key.ts';
import type { Arrival, ClientSession } from './client-session.ts';
import { createEventStore } from './event-store.ts';

/** One session over HTTP: its client, and the way there. */
export interface HttpSession {
  readonly session: ClientSession;
  readonly transport: WebStandardStreamableHTTPServerTransport;
}

/** Sessions of the older era, each bound to the caller that began it. */
export interface HttpSessions {
  /** Begins one; undefined where there are too many. It can be found when `initialize` was served. */
  begin(arrival: Arrival): Promise<HttpSession | undefined>;
  /** The session with this id of this caller; anybody else's does not exist. */
  find(id: string, arrival: Arrival): HttpSession | undefined;
  close(): Promise<void>;
}

interface Kept extends HttpSession {
  readonly owner: string;
  seenMs: number;
}

const PER_CALLER_MAX = 64;
const TOTAL_MAX = 4_096;
/** A session that nobody uses ends after this. A client with a stream open is using it. */
const IDLE_MS = 30 * 60_000;
const SWEEP_MS = 60_000;
/** When a client that lost its stream shall come back. */
const RETRY_MS = 1_000;

export interface HttpSessionsOptions {
  readonly open: (arrival: Arrival) => ClientSession;
  readonly idleMs?: number;
  readonly perCallerMax?: number;
}

export function createHttpSessions(options: HttpSessionsOptions): HttpSessions {
  const { idleMs = IDLE_MS, perCallerMax = PER_CALLER_MAX } = options;
  const kept = new Map<string, Kept>();
  const end = async (id: string): Promise<void> => {
    const found = kept.get(id);
    if (!kept.delete(id) || found === undefined) return;
    await found.transport.close().catch(() => undefined);
    await found.session.close();
  };
  const sweep = setInterval(
    () => {
      const oldest = performance.now() - idleMs;
      for (const [id, { seenMs, session }] of kept) {
        if (seenMs < oldest && !session.busy) void end(id);
      }
    },
    Math.min(SWEEP_MS, idleMs),
  );
  sweep.unref();
  /** A caller that begins more than it may loses the one that it used least lately. */
  const makeRoom = async (owner: string): Promise<boolean> => {
    const own = [...kept].filter(([, session]) => session.owner === owner);
    if (own.length >= perCallerMax) {
      const [[leastId] = [undefined]] = own.sort(([, a], [, b]) => a.seenMs - b.seenMs);
      if (leastId !== undefined) await end(leastId);
    }
    return kept.size < TOTAL_MAX;
  };

  return {
    async begin(arrival) {
      const owner = callerKey(arrival.caller);
      if (!(await makeRoom(owner))) return undefined;
      const session = options.open(arrival);
      const transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        eventStore: createEventStore(),
        retryInterval: RETRY_MS,
        onsessioninitialized: (id) =>
          void kept.set(id, { session, transport, owner, seenMs: performance.now() }),
        onsessionclosed: (id) => void end(id),
      });
      await session.server.connect(transport);
      return { session, transport };
    },
    find(id, { caller }) {
      const found = kept.get(id);
      if (found === undefined || found.owner !== callerKey(caller)) return undefined;
      found.seenMs = performance.now();
      return found;
    },
    async close() {
      clearInterval(sweep);
      await Promise.all([...kept.keys()].map(end));
    },
  };
}
