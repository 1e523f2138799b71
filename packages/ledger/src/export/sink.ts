import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeWhole } from '../checkpointer.ts';

/** Where segments of an export go. */
export interface Sink {
  /** Resolves when the segment is kept there; rejects when that is not known. Repeating it is harmless. */
  put(segment: Segment): Promise<void>;
}

/** A part of an export. */
export interface Segment {
  /** The same for the same entries of one log: a receiver that keeps ids drops what it has already. */
  readonly id: string;
  readonly name: string;
  readonly contentType: string;
  readonly contentEncoding?: 'gzip';
  readonly body: Uint8Array;
}

/** Files in a directory, each written whole. */
export function directorySink(directory: string): Sink {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return {
    put: async ({ name, body }) => writeWhole(join(directory, name), body),
  };
}

/** An HTTP server: a request for each segment, with its id as `Idempotency-Key`. */
export interface HttpSinkOptions {
  readonly url: string;
  /** `PUT` to `URL/NAME`, or `POST` to the URL itself. */
  readonly method: 'PUT' | 'POST';
  readonly headers?: { readonly [name: string]: string };
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;

export function httpSink({ url, method, headers = {}, timeoutMs = TIMEOUT_MS }: HttpSinkOptions): Sink {
  return {
    put: async ({ id, name, contentType, contentEncoding, body }) => {
      const target = method === 'PUT' ? `${url.replace(/\/$/, '')}/${encodeURIComponent(name)}` : url;
      const response = await fetch(target, {
        method,
        headers: {
          ...headers,
          'Content-Type': contentType,
          'Idempotency-Key': id,
          ...(contentEncoding === undefined ? {} : { 'Content-Encoding': contentEncoding }),
        },
        body: Buffer.from(body),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`${method} ${target} answered ${response.status}`);
    },
  };
}

const RETRY_MIN_MS = 200;
const RETRY_MAX_MS = 30_000;

/** Tries until the sink has it, more and more slowly, or until the signal. Rejects with the last fault then. */
export async function putUntilKept(
  sink: Sink,
  segment: Segment,
  options: {
    readonly attempts: number;
    readonly signal?: AbortSignal;
    readonly onFault?: (message: string) => void;
  },
): Promise<void> {
  for (let attempt = 1, waitMs = RETRY_MIN_MS; ; attempt++, waitMs = Math.min(2 * waitMs, RETRY_MAX_MS)) {
    try {
      await sink.put(segment);
      return;
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      options.onFault?.(message);
      if (attempt >= options.attempts || options.signal?.aborted === true) throw cause;
      await sleep(waitMs, undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(
        () => undefined,
      );
    }
  }
}

/** The position that an export goes on from; 0 where there is none yet. */
export function readPosition(path: string, origin: string): number {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return 0;
    throw cause;
  }
  const found = /^(\S+) (\d{1,15})\n$/.exec(text);
  if (found === null || found[1] !== origin)
    throw new Error(`\`${path}\` is not the position of an export of the log \`${origin}\``);
  return Number(found[2]);
}

export function writePosition(path: string, origin: string, position: number): void {
  writeWhole(path, `${origin} ${position}\n`);
}
