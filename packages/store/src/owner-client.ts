import { createConnection, type Socket } from 'node:net';
import type { Backend, BackendEvents } from './backend.ts';
import { encodeFrame, type Frame, FrameReader, PROTOCOL_VERSION } from './frames.ts';
import { findSocketPath } from './socket-path.ts';
import { StoreError } from './store-error.ts';

/** How long an owner may take to greet: one that is stopped accepts and never does. */
const HELLO_MAX_MS = 1_000;

/** Connects to the owner of `directory`; undefined where none greets. Throws when it speaks another version. */
export async function connectToOwner(directory: string, events: BackendEvents): Promise<Backend | undefined> {
  const socket = createConnection(findSocketPath(directory));
  const client = new OwnerClient(socket, events);
  const greeting = await client.greeted;
  if (greeting === undefined) {
    socket.destroy();
    return undefined;
  }
  if (greeting !== PROTOCOL_VERSION) {
    socket.destroy();
    throw new StoreError(
      'store_schema_newer',
      `the owner speaks version ${greeting} of the socket's protocol`,
    );
  }
  socket.unref();
  return client;
}

class OwnerClient implements Backend {
  readonly role = 'client';
  readonly recovery = undefined;
  /** The protocol version of the owner, undefined when the connection failed before it was told. */
  readonly greeted: Promise<number | undefined>;
  readonly #socket: Socket;
  readonly #events: BackendEvents;
  readonly #frames = new FrameReader();
  #greet: (version: number | undefined) => void = () => undefined;
  #connected = false;
  #closing = false;

  constructor(socket: Socket, events: BackendEvents) {
    this.#socket = socket;
    this.#events = events;
    this.greeted = new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), HELLO_MAX_MS);
      this.#greet = (version) => {
        clearTimeout(timer);
        resolve(version);
      };
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#onClose());
    socket.on('data', (chunk) => this.#onData(chunk));
  }

  send(text: string, count: number): void {
    this.#socket.write(encodeFrame({ kind: 'calls', count, text }));
  }

  async close(): Promise<void> {
    this.#closing = true;
    await new Promise<void>((resolve) => {
      if (this.#socket.destroyed) return resolve();
      this.#socket.once('close', () => resolve());
      this.#socket.ref();
      this.#socket.destroySoon();
    });
  }

  #onData(chunk: Buffer): void {
    const frames = this.#frames.push(chunk);
    if (frames === undefined) this.#socket.destroy();
    for (const frame of frames ?? []) this.#onFrame(frame);
  }

  #onFrame({ kind, text }: Frame): void {
    if (kind === 'replies') this.#events.replies(text);
    if (kind === 'bye') {
      this.#events.closing();
      this.#socket.write(encodeFrame({ kind: 'bye', count: 0, text: '' }));
    }
    if (kind !== 'hello') return;
    const hello: { protocol?: number } = JSON.parse(text);
    this.#connected = hello.protocol === PROTOCOL_VERSION;
    this.#greet(hello.protocol);
  }

  #onClose(): void {
    this.#greet(undefined);
    if (!this.#connected || this.#closing) return;
    this.#closing = true;
    this.#events.lost(new StoreError('store_owner_lost', 'the process that owned the store has ended'));
  }
}
