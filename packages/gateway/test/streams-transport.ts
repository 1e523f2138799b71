import { PassThrough } from 'node:stream';
import { deserializeMessage, type JSONRPCMessage, type Transport } from '@modelcontextprotocol/client';

/** Client's end of a pair of streams: what a child process's standard streams would be. */
export class StreamsTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly toServer = new PassThrough();
  readonly fromServer = new PassThrough();
  #rest = '';

  async start(): Promise<void> {
    this.fromServer.on('data', (chunk: Buffer) => {
      const lines = (this.#rest + chunk.toString()).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.onmessage?.(deserializeMessage(line));
    });
  }
  async send(message: JSONRPCMessage): Promise<void> {
    this.toServer.write(`${JSON.stringify(message)}\n`);
  }
  async close(): Promise<void> {
    this.toServer.end();
    this.onclose?.();
  }
}
