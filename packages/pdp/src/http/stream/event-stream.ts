import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/** How long a client may leave what was sent to it unread before it is dropped, ms. */
export const SLOW_CLIENT_MS = 10_000;
/** How often a stream without events says that it is alive, ms. */
const KEEP_ALIVE_MS = 15_000;

/** One server-sent event; `id` is what a client that comes back names in `Last-Event-ID`. */
export interface ServerSentEvent {
  readonly event: string;
  /** Absent where a stream cannot go on from a place. */
  readonly id?: number;
  readonly data: unknown;
}

/**
 * The answer as a stream of server-sent events (WHATWG HTML, 9.2). Nothing is buffered beyond what the socket takes: a
 * client that does not read is waited for, and dropped after `SLOW_CLIENT_MS`; it comes back where it was.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #gone = new AbortController();
  readonly #keepAlive: NodeJS.Timeout;
  readonly #slowClientMs: number;

  constructor(
    reply: FastifyReply,
    headers: Readonly<Record<string, string>> = {},
    slowClientMs: number = SLOW_CLIENT_MS,
  ) {
    this.#slowClientMs = slowClientMs;
    reply.hijack();
    this.#response = reply.raw;
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // A stream is a connection's last answer: what ends it with the service must not leave an idle one behind.
      connection: 'close',
      'x-accel-buffering': 'no',
      ...headers,
    });
    this.#response.write(': open\n\n');
    this.#keepAlive = setInterval(() => {
      if (!this.#response.writableNeedDrain) this.#response.write(': alive\n\n');
    }, KEEP_ALIVE_MS);
    this.#keepAlive.unref();
    this.#response.once('close', () => this.close());
  }

  /** Aborted when the client is gone or the stream is closed. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Sends one event; false where the client is gone or was dropped. */
  async send({ event, id, data }: ServerSentEvent): Promise<boolean> {
    if (this.gone.aborted) return false;
    // JSON has no line breaks of its own: one line of data is the whole.
    const place = id === undefined ? '' : `id: ${id}\n`;
    if (this.#response.write(`event: ${event}\n${place}data: ${JSON.stringify(data)}\n\n`)) return true;
    const signal = AbortSignal.any([this.gone, AbortSignal.timeout(this.#slowClientMs)]);
    try {
      await once(this.#response, 'drain', { signal });
      return true;
    } catch {
      this.#response.destroy();
      return false;
    }
  }

  close(): void {
    clearInterval(this.#keepAlive);
    if (this.gone.aborted) return;
    this.#gone.abort();
    this.#response.end();
  }
}
