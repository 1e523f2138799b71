import { readFile } from 'node:fs/promises';
import { type FetchLike, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { floodLimit } from './flood-limit.ts';
import type { UpstreamLimits } from './limits.ts';
import type { UpstreamConfig } from './upstream-config.ts';

const MEMORY_CHECK_MS = 2_000;
const KIBIBYTE = 1024;

/** The way to a server: a new process, or HTTP requests that follow no redirect and read no endless stream. */
export function transportOf(config: UpstreamConfig, limits: UpstreamLimits): Transport {
  if ('url' in config) {
    return new StreamableHTTPClientTransport(new URL(config.url), {
      requestInit: { headers: { ...config.headers }, redirect: 'error' },
      fetch: limitedFetch(limits),
    });
  }
  return new StdioClientTransport({
    command: config.command,
    args: [...(config.args ?? [])],
    // Nobody reads it: a pipe that fills up would stop the child.
    stderr: 'ignore',
    // The transport itself inherits only PATH, HOME and the like.
    ...(config.env === undefined ? {} : { env: { ...config.env } }),
    ...(config.cwd === undefined ? {} : { cwd: config.cwd }),
  });
}

function limitedFetch({ responseBytes, streamBytesPerSecond }: UpstreamLimits): FetchLike {
  return async (url, init) => {
    const response = await fetch(url, init);
    if (response.body === null) return response;
    const body = response.body.pipeThrough(floodLimit(responseBytes, streamBytesPerSecond));
    return new Response(body, response);
  };
}

/** Ends the process of this transport when it takes more memory than it may. Gives the way to stop looking. */
export function watchMemory(transport: Transport, bytesMax: number): () => void {
  if (!(transport instanceof StdioClientTransport)) return () => {};
  const look = async () => {
    const { pid } = transport;
    if (pid === null) return;
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const kibibytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
    if (kibibytes * KIBIBYTE > bytesMax) process.kill(pid, 'SIGKILL');
  };
  const timer = setInterval(() => void look().catch(() => undefined), MEMORY_CHECK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
