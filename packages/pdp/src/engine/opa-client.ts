import type { Json } from '@writ/decision';
import { Pool } from 'undici';
import type { EngineAnswer } from './engine.ts';
import {
  type EngineFault,
  type ExpectedRevision,
  engineFault,
  OPA_REPLY_SIZE_BYTES_MAX,
  type OpaReply,
  readOpaReply,
} from './opa-reply.ts';

/** Where an OPA listens. */
export interface OpaAddress {
  /** `http://host:port`; with a socket only the path counts. */
  readonly url: string;
  /** Unix socket; goes before the URL's host. */
  readonly socketPath?: string;
  /** Bearer token for OPA's own authentication. */
  readonly token?: string;
}

/** Speaks OPA's REST API to one OPA. Nothing here throws or rejects: faults are answers. */
export interface OpaClient {
  evaluate(
    path: string,
    input: Json | undefined,
    deadlineMs: number,
    expected: ExpectedRevision,
  ): Promise<EngineAnswer>;
  /** Undefined when OPA is ready, with its bundles active. */
  health(timeoutMs: number): Promise<EngineFault | undefined>;
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 64;

export function createOpaClient(address: OpaAddress): OpaClient {
  const { origin, pathname } = new URL(address.url);
  const prefix = pathname.replace(/\/+$/, '');
  const pool = new Pool(origin, {
    connections: CONNECTIONS_MAX,
    // One request at a time a connection: a slow evaluation must not hold up the next one.
    pipelining: 1,
    ...(address.socketPath === undefined ? {} : { connect: { socketPath: address.socketPath } }),
  });
  const headers = address.token === undefined ? {} : { authorization: `Bearer ${address.token}` };
  const ask = (method: 'GET' | 'POST', path: string, body: string | undefined, timeoutMs: number) =>
    request(pool, { method, path: `${prefix}${path}`, headers, body, timeoutMs });
  return {
    async evaluate(path, input, deadlineMs, expected) {
      if (deadlineMs <= 0) return engineFault('policy_timeout', 'no time is left for this evaluation');
      const steps = path.split('/').map(encodeURIComponent).join('/');
      const body = input === undefined ? '{}' : JSON.stringify({ input });
      const reply = await ask('POST', `/v1/data/${steps}?provenance=true`, body, deadlineMs);
      return 'kind' in reply ? reply : readOpaReply(reply, expected);
    },
    async health(timeoutMs) {
      const reply = await ask('GET', '/health?bundles', undefined, timeoutMs);
      if ('kind' in reply) return reply;
      return reply.status === 200
        ? undefined
        : engineFault('policy_engine_unavailable', `OPA's health is ${reply.status}`);
    },
    async close() {
      await pool.destroy();
    },
  };
}

interface Asked {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly timeoutMs: number;
}

async function request(pool: Pool, asked: Asked): Promise<OpaReply | EngineFault> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), asked.timeoutMs);
  try {
    const reply = await pool.request({
      method: asked.method,
      path: asked.path,
      headers: {
        ...asked.headers,
        ...(asked.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: asked.body ?? null,
      signal: abort.signal,
    });
    const body = await readBody(reply.body);
    if (body !== undefined) return { status: reply.statusCode, body };
    return engineFault('policy_error', `OPA answered with more than ${OPA_REPLY_SIZE_BYTES_MAX} bytes`);
  } catch (error) {
    if (abort.signal.aborted)
      return engineFault('policy_timeout', `OPA gave no answer within ${Math.round(asked.timeoutMs)} ms`);
    return engineFault('policy_engine_unavailable', `OPA cannot be reached (${codeOf(error)})`);
  } finally {
    clearTimeout(timer);
  }
}

async function readBody(stream: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of stream) {
    sizeBytes += chunk.length;
    // Leaving the loop destroys the stream and with it the connection.
    if (sizeBytes > OPA_REPLY_SIZE_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}
