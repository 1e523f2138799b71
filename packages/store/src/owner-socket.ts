import { chmodSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { callsIn } from './call-text.ts';
import { encodeFrame, FrameReader, PROTOCOL_VERSION } from './frames.ts';
import { claimSocketPlace, type SocketPlace } from './socket-path.ts';
import { storeErrorFrom } from './store-error.ts';
import type { CallsMessage, RepliesMessage } from './wire.ts';

/** The owner's side of the socket: hands clients' calls to the worker and its replies back, unopened. */
export interface OwnerSocket {
  deliver(replies: RepliesMessage): void;
  /**
   * Says goodbye and waits until every client has said so too and what is under way is answered. A call that crosses
   * the goodbye is refused with `store_closed` (not run), so that a client loses nothing to an owner that closes.
   */
  drain(timeoutMs: number): Promise<void>;
  close(): void;
}

/** A client that does not read its answers is dropped when this much waits for it. */
const UNREAD_BYTES_MAX = 64 * 1_024 * 1_024;

/** Listens beside the files of `directory`, for processes of the same user. */
export async function listenForClients(
  directory: string,
  queueMax: number,
  forward: (calls: CallsMessage) => void,
): Promise<OwnerSocket> {
  try {
    const place = claimSocketPlace(directory);
    const relay = new Relay(place, queueMax, forward);
    await relay.listen();
    return relay;
  } catch (cause) {
    throw storeErrorFrom(cause);
  }
}

/** Makes the socket for its owner alone from its first moment, whatever the umask; a thread has no umask of its own. */
function closedToOthers(make: () => void): void {
  const before = process.platform === 'win32' || !isMainThread ? undefined : process.umask(0o177);
  try {
    make();
  } finally {
    if (before !== undefined) process.umask(before);
  }
}

class Relay implements OwnerSocket {
  readonly #place: SocketPlace;
  readonly #queueMax: number;
  readonly #forward: (calls: CallsMessage) => void;
  readonly #server: Server;
  readonly #clients = new Map<number, Socket>();
  /** Clients that have not answered the goodbye yet. */
  readonly #staying = new Set<number>();
  #lastSource = 0;
  #underWay = 0;
  #draining: (() => void) | undefined;

  constructor(place: SocketPlace, queueMax: number, forward: (calls: CallsMessage) => void) {
    this.#place = place;
    this.#queueMax = queueMax;
    this.#forward = forward;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      closedToOthers(() => this.#server.listen(this.#place.path, resolve));
    });
    this.#server.on('error', () => undefined);
    this.#server.unref();
    if (process.platform !== 'win32') chmodSync(this.#place.path, 0o600);
  }

  deliver({ source, text, count }: RepliesMessage): void {
    this.#underWay -= count;
    const socket = this.#clients.get(source);
    if (text === undefined) {
      socket?.destroy();
    } else if (socket !== undefined) {
      socket.write(encodeFrame({ kind: 'replies', count, text }));
      if (socket.writableLength > UNREAD_BYTES_MAX) socket.destroy();
    }
    this.#draining?.();
  }

  async drain(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#draining = () => {
        if (this.#underWay > 0 || this.#staying.size > 0) return;
        clearTimeout(timer);
        resolve();
      };
      for (const [source, socket] of this.#clients) {
        this.#staying.add(source);
        socket.write(encodeFrame({ kind: 'bye', count: 0, text: '' }));
      }
      this.#draining();
    });
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#clients.values()) socket.destroySoon();
    this.#clients.clear();
    this.#place.remove();
  }

  #accept(socket: Socket): void {
    if (this.#draining !== undefined) {
      socket.destroy();
      return;
    }
    this.#lastSource += 1;
    const source = this.#lastSource;
    const frames = new FrameReader();
    this.#clients.set(source, socket);
    socket.unref();
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#clients.delete(source);
      this.#goodbye(source);
    });
    socket.on('data', (chunk) => {
      const received = frames.push(chunk);
      if (received === undefined) return void socket.destroy();
      for (const { kind, text, count } of received) {
        if (kind === 'calls') this.#take(socket, { kind: 'calls', source, text, count });
        else if (kind === 'bye') this.#goodbye(source);
      }
    });
    socket.write(
      encodeFrame({ kind: 'hello', count: 0, text: JSON.stringify({ protocol: PROTOCOL_VERSION }) }),
    );
  }

  #goodbye(source: number): void {
    this.#staying.delete(source);
    this.#draining?.();
  }

  #take(socket: Socket, calls: CallsMessage): void {
    if (this.#draining !== undefined) {
      this.#refuse(socket, calls, 'store_closed', 'the owner is closing');
    } else if (this.#underWay + calls.count > this.#queueMax) {
      this.#refuse(socket, calls, 'store_overloaded', 'too many calls of other processes wait');
    } else {
      this.#underWay += calls.count;
      this.#forward(calls);
    }
  }

  #refuse(socket: Socket, { text, count }: CallsMessage, code: string, message: string): void {
    const calls = callsIn(text);
    if (calls === undefined) {
      socket.destroy();
      return;
    }
    const replies = JSON.stringify(calls.map(([id]) => [id, 0, code, message]));
    socket.write(encodeFrame({ kind: 'replies', count, text: replies }));
  }
}
