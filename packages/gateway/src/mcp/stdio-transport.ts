import type { Readable, Writable } from 'node:stream';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { MESSAGE_BYTES_MAX, readMessage } from './read-message.ts';

/** Called for every line that is refused before it is a message. */
export type OnMalformed = (code: string, reason: string) => void;

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
  readonly #onMalformed: OnMalformed;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #closed = false;

  constructor(input: Readable, output: Writable, onMalformed: OnMalformed) {
    this.#input = input;
    this.#output = output;
    this.#onMalformed = onMalformed;
  }

  async start(): Promise<void> {
    this.#input.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#input.on('end', () => void this.close());
    this.#input.on('error', (error) => this.onerror?.(error));
    this.#output.on('error', (error) => this.onerror?.(error));
  }

  async send(message: JSONRPCMessage): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#output.write(`${JSON.stringify(message)}\n`, (error) =>
        error == null ? resolve() : reject(error),
      );
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#input.pause();
    this.onclose?.();
  }

  #receive(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      const line = Buffer.concat([...this.#pending, chunk.subarray(start, end)]);
      this.#pending = [];
      this.#pendingBytes = 0;
      start = end + 1;
      if (line.length > 0) this.#read(line);
    }
    const rest = chunk.subarray(start);
    this.#pending.push(rest);
    this.#pendingBytes += rest.length;
    if (this.#pendingBytes > MESSAGE_BYTES_MAX) {
      this.#onMalformed('message_too_large', `a message is longer than ${MESSAGE_BYTES_MAX} bytes`);
      void this.close();
    }
  }

  #read(line: Buffer): void {
    const text = line.toString('utf8').trim();
    if (text === '') return;
    const read = readMessage(text);
    if (read.ok) {
      this.onmessage?.(read.message as unknown as JSONRPCMessage);
      return;
    }
    this.#onMalformed(read.code, read.reason);
    const answer = {
      jsonrpc: '2.0',
      id: null,
      error: { code: read.rpcCode, message: `${read.code}: ${read.reason}` },
    };
    this.#output.write(`${JSON.stringify(answer)}\n`);
  }
}
