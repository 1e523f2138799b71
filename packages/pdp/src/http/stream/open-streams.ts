import type { FastifyInstance, FastifyReply } from 'fastify';
import { HttpError } from '../error-body.ts';
import { EventStream } from './event-stream.ts';

/** Streams of one kind at once; each holds a connection and reads the record, or what waits. */
export const STREAMS_MAX = 64;

/** Streams of one kind that are open: only so many, and none that outlives the service. */
export interface OpenStreams {
  /** Refuses with 503 where one more would be too many: before anything is done for it. */
  admit(): void;
  /** Serves one stream until `feed` ends; then it is closed. */
  run(
    reply: FastifyReply,
    headers: Readonly<Record<string, string>>,
    feed: (stream: EventStream) => Promise<void>,
  ): Promise<void>;
}

export function openStreams(app: FastifyInstance): OpenStreams {
  const open = new Set<EventStream>();
  // Streams end with the service: no answer would ever end by itself.
  app.addHook('preClose', async () => {
    for (const stream of open) stream.close();
  });
  return {
    admit() {
      if (open.size >= STREAMS_MAX)
        throw new HttpError(503, 'overloaded', `${STREAMS_MAX} streams are open; close one, or ask later`);
    },
    async run(reply, headers, feed) {
      const stream = new EventStream(reply, headers);
      open.add(stream);
      try {
        await feed(stream);
      } finally {
        open.delete(stream);
        stream.close();
      }
    },
  };
}
