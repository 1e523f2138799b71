import type { Server, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { LoadGuard } from './load-guard.ts';
import type { RefusalRecord } from './refusal-record.ts';

/** What is being served may take this long to end when the service closes, ms. */
const DRAIN_MS = 10_000;
const LOOK_MS = 50;

/** What a listener is made of, as far as closing it goes. */
export interface Drained {
  readonly app: FastifyInstance;
  /** Its Unix sockets. */
  readonly sockets: readonly Server[];
  /** Answers that wait for something to happen: they would not end by themselves. */
  readonly waiting: ReadonlySet<ServerResponse>;
  readonly load: LoadGuard;
  readonly refused: RefusalRecord;
}

/**
 * Refuses what comes from now on, and waits for what is being served. A connection that becomes idle meanwhile would stay
 * until its client goes: it is closed then, and all that are left are after `waitMs`.
 */
export async function drain(
  { app, sockets, waiting, load, refused }: Drained,
  waitMs = DRAIN_MS,
): Promise<void> {
  load.close();
  for (const response of waiting) response.destroy();
  const servers = [app.server, ...sockets];
  const look = setInterval(() => {
    for (const server of servers) server.closeIdleConnections();
  }, LOOK_MS);
  const force = setTimeout(() => {
    for (const server of servers) server.closeAllConnections();
  }, waitMs);
  try {
    const ended = sockets.map((server) => new Promise((resolve) => server.close(resolve)));
    await Promise.all([app.close(), ...ended]);
    // Before the store closes: what came too late is counted.
    await refused.flush();
  } finally {
    clearInterval(look);
    clearTimeout(force);
  }
}
