import { connect, type Socket } from 'node:net';
import { type Spread, spreadOf } from '../measure.ts';

/** Where a server listens: a port of this machine, or a Unix socket. */
export type Target = { readonly port: number } | { readonly path: string };

/** Requests as they go over the wire, in turn. */
export interface Load {
  readonly target: Target;
  readonly requests: readonly Buffer[];
  readonly connections: number;
  readonly durationMs: number;
}

export interface Loaded {
  /** Requests that were answered. */
  readonly count: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly latency: Spread;
}

/** A request whose headers are the least that both servers take. */
export function rawRequest(
  path: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  const text = JSON.stringify(body);
  const lines = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${text}`);
}

/** Keeps one request in flight on each connection for a while. Plain sockets: the client costs little beside the servers. */
export async function load({ target, requests, connections, durationMs }: Load): Promise<Loaded> {
  const samples: number[] = [];
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(target)));
  const startedAt = performance.now();
  const end = startedAt + durationMs;
  await Promise.all(
    sockets.map(async (socket, index) => {
      const read = responses(socket);
      for (let turn = index; performance.now() < end; turn += 1) {
        const before = performance.now();
        socket.write(requests[turn % requests.length]!);
        await read();
        samples.push(performance.now() - before);
      }
      socket.destroy();
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  return { count: samples.length, perSecond: samples.length / seconds, latency: spreadOf(samples) };
}

/** One request on a connection of its own; its status and body. */
export async function ask(target: Target, request: Buffer): Promise<{ status: number; body: string }> {
  const socket = await open(target);
  try {
    const read = responses(socket);
    socket.write(request);
    return await read();
  } finally {
    socket.destroy();
  }
}

function open(target: Target): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = 'port' in target ? connect(target.port, '127.0.0.1') : connect(target.path);
    socket.setNoDelay(true);
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Reads one response after the other; both servers say how long each is. */
function responses(socket: Socket): () => Promise<{ status: number; body: string }> {
  let rest: Buffer = Buffer.alloc(0);
  let settle: ((answer: { status: number; body: string }) => void) | undefined;
  let fail: ((error: Error) => void) | undefined;
  const look = (): void => {
    const head = rest.indexOf('\r\n\r\n');
    if (head < 0) return;
    const text = rest.toString('latin1', 0, head);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) {
      fail?.(new Error(`no length: ${text}`));
      return;
    }
    if (rest.length < head + 4 + length) return;
    const body = rest.toString('utf8', head + 4, head + 4 + length);
    rest = rest.subarray(head + 4 + length);
    const status = Number(text.slice(9, 12));
    if (status !== 200) fail?.(new Error(`status ${status}: ${body}`));
    else settle?.({ status, body });
  };
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    look();
  });
  socket.on('error', (error) => fail?.(error));
  socket.on('close', () => fail?.(new Error('the connection was closed')));
  return () =>
    new Promise((resolve, reject) => {
      settle = resolve;
      fail = reject;
    });
}
