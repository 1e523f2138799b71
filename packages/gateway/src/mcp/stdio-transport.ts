import type { Readable, Writable } from 'node:stream';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import type { Json, JsonObject } from '@writ/decision';
import { isObject } from './json-object.ts';
import { isListen } from './listen.ts';
import { methodNotFound, unservedMethod } from './methods.ts';
import { readMessage } from './read-message.ts';

/** What happens to a line before it is served. */
export interface StdioChecks {
  /** A line that is no message. */
  malformed(code: string, reason: string): void;
  /** A request whose method does not pass. */
  unserved(method: string): void;
  /**
   * The answer to a request that is served without the SDK, or undefined where its client took it back; undefined in
   * place of a promise where the request is the SDK's.
   */
  own(message: JsonObject): Promise<JsonObject | undefined> | undefined;
  /** A message that is served. */
  passing(message: JsonObject): void;
  /** A message to the client, as it goes out. */
  telling(message: JSONRPCMessage): JSONRPCMessage;
  /** A request for changes as it may be served; messages that come meanwhile do not wait. */
  admit(message: JsonObject): Promise<JsonObject>;
}

/**
 * MCP's stdio transport (newline-delimited JSON) on the strict reader. A line that is refused is answered with a
 * JSON-RPC error without an id, since none could be trusted, and never reaches a handler.
 */
export class StrictStdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #on: StdioChecks;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #closed = false;
  /** Requests that are not answered yet. */
  readonly #asked = new Set<Json>();

  readonly #messageBytesMax: number;
  readonly #onClosed: () => void;
  readonly #onData = (chunk: Buffer) => this.#receive(chunk);
  readonly #onEnd = () => void this.close();
  readonly #onFault = (error: Error) => {
    this.onerror?.(error);
    void this.close();
  };

  constructor(
    input: Readable,
    output: Writable,
    refusals: StdioChecks,
    messageBytesMax: number,
    onClosed: () => void = () => {},
  ) {
    this.#onClosed = onClosed;
    this.#messageBytesMax = messageBytesMax;
    this.#input = input;
    this.#output = output;
    this.#on = refusals;
  }

  async start(): Promise<void> {
    this.#input.on('data', this.#onData);
    this.#input.on('end', this.#onEnd);
    this.#input.on('close', this.#onEnd);
    this.#input.on('error', this.#onFault);
    // A client that is gone can't be answered: what it still asked for is ended.
    this.#output.on('error', this.#onFault);
    if (this.#input.readableEnded || this.#input.destroyed) setImmediate(this.#onEnd);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#closed) throw new Error('the client is gone');
    if ('id' in message && !('method' in message)) this.#asked.delete(message.id ?? null);
    const told = this.#on.telling(message);
    await new Promise<void>((resolve, reject) => {
      this.#output.write(`${JSON.stringify(told)}\n`, (error) => (error == null ? resolve() : reject(error)));
    });
  }

  /** Tells the client something that the SDK has no part in. */
  tell(message: JsonObject): void {
    if (!this.#closed) this.#output.write(`${JSON.stringify(message)}\n`);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#pending = [];
    this.#input.off('data', this.#onData);
    this.#input.off('end', this.#onEnd);
    this.#input.off('close', this.#onEnd);
    this.#input.pause();
    this.onclose?.();
    this.#onClosed();
  }

  #receive(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0 && !this.#closed; end = chunk.indexOf(0x0a, start)) {
      const line = Buffer.concat([...this.#pending, chunk.subarray(start, end)]);
      this.#pending = [];
      this.#pendingBytes = 0;
      start = end + 1;
      if (line.length > 0) this.#read(line);
    }
    const rest = chunk.subarray(start);
    this.#pending.push(rest);
    this.#pendingBytes += rest.length;
    if (this.#pendingBytes > this.#messageBytesMax) {
      this.#on.malformed('message_too_large', `a message is longer than ${this.#messageBytesMax} bytes`);
      void this.close();
    }
  }

  async #admit(message: JsonObject): Promise<void> {
    this.#on.passing(message);
    const own = this.#on.own(message);
    if (own !== undefined) return this.#answer(message['id'], await own);
    // Only a request for changes is looked at for longer; everything else goes on at once, and in order.
    const admitted = isListen(message) ? await this.#on.admit(message) : message;
    if (!this.#closed) this.onmessage?.(admitted as unknown as JSONRPCMessage);
  }

  #answer(id: Json | undefined, message: JsonObject | undefined): void {
    this.#asked.delete(id ?? null);
    if (message !== undefined) this.tell(message);
  }

  /** Two answers with one id could be taken for each other: false where a request with this one is on its way. */
  #arrive({ id, method, params }: JsonObject): boolean {
    if (method === 'notifications/cancelled' && isObject(params))
      this.#asked.delete(params['requestId'] ?? null);
    // An id of another type is answered as invalid, and by no id.
    if ((typeof id !== 'string' && typeof id !== 'number') || method === undefined) return true;
    if (this.#asked.has(id)) return false;
    this.#asked.add(id);
    return true;
  }

  #refuse(code: string, reason: string, rpcCode: number): void {
    this.#on.malformed(code, reason);
    const error = { code: rpcCode, message: `${code}: ${reason}` };
    this.#output.write(`${JSON.stringify({ jsonrpc: '2.0', id: null, error })}\n`);
  }

  #read(line: Buffer): void {
    if (isBlank(line)) return;
    const read = readMessage(line, this.#messageBytesMax);
    if (read.ok) {
      const unserved = unservedMethod(read.message);
      if (unserved !== undefined) {
        this.#on.unserved(unserved);
        this.#output.write(`${JSON.stringify(methodNotFound(read.message))}\n`);
        return;
      }
      if (this.#arrive(read.message)) void this.#admit(read.message);
      else this.#refuse('request_id_in_use', 'a request with this id is still on its way', INVALID_REQUEST);
      return;
    }
    this.#refuse(read.code, read.reason, read.rpcCode);
  }
}

const INVALID_REQUEST = -32_600;

/** Lines may end in CR LF, and empty ones mean nothing. */
function isBlank(line: Buffer): boolean {
  return line.length === 0 || (line.length === 1 && line[0] === 0x0d);
}
