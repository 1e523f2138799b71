import { type Dispatcher, Pool } from 'undici';
import { FloodMeter } from './flood-limit.ts';
import type { UpstreamLimits } from './limits.ts';

/** The head of an answer, and its body bit by bit. */
export interface PostListener {
  /** False: the body is not wanted. */
  head(status: number, headers: Record<string, string | string[] | undefined>): boolean;
  data(chunk: Buffer): void;
  /** The body ended, or broke off: with why. */
  end(error?: Error): void;
}

/** HTTP requests to one server over connections that are kept: no redirect is followed, no endless body read. */
export interface HttpWay {
  /** Sends; gives the way to break off. */
  send(
    method: 'POST' | 'GET',
    headers: Readonly<Record<string, string>>,
    body: string | undefined,
    listener: PostListener,
  ): () => void;
  close(): Promise<void>;
}

export interface HttpWayOptions {
  readonly url: string;
  /** The server's own credential. */
  readonly headers: Readonly<Record<string, string>>;
  readonly limits: Pick<UpstreamLimits, 'timeoutMs' | 'responseBytes' | 'streamBytesPerSecond'>;
}

/** What is sent with every request: a compressed answer would have to be bounded twice. */
const PLAIN = { 'content-type': 'application/json', 'accept-encoding': 'identity' } as const;

export function openHttpWay({ url, headers: own, limits }: HttpWayOptions): HttpWay {
  const { origin, pathname, search } = new URL(url);
  const path = `${pathname}${search}`;
  // Waiting is bounded by whoever asks: a server may take its time.
  const pool = new Pool(origin, {
    connect: { timeout: limits.timeoutMs },
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
  });
  return {
    send(method, headers, body, listener) {
      let controller: Dispatcher.DispatchController | undefined;
      let broken = false;
      let over = false;
      const flood = new FloodMeter(limits.responseBytes, limits.streamBytesPerSecond);
      const end = (error?: Error) => {
        if (over) return;
        over = true;
        listener.end(error);
      };
      const breakOff = () => {
        broken = true;
        controller?.abort(new Error('broken off'));
      };
      pool.dispatch(
        { method, path, headers: { ...own, ...PLAIN, ...headers }, body: body ?? null },
        {
          onRequestStart(started) {
            controller = started;
            if (broken) started.abort(new Error('broken off'));
          },
          onResponseStart(_controller, status, given) {
            if (status < 200) return;
            if (!listener.head(status, given)) breakOff();
          },
          onResponseData(_controller, chunk) {
            if (flood.passes(chunk.length)) listener.data(chunk);
            else breakOff();
          },
          onResponseEnd: () => end(),
          onResponseError: (_controller, error) => end(error),
        },
      );
      return breakOff;
    },
    close: () => pool.destroy(),
  };
}
