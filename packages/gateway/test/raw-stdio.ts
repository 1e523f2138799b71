import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { McpGateway } from '../src/index.ts';
import { ALICE, until } from './start-gateway.ts';

/** A JSON-RPC message as it came. */
// biome-ignore lint/suspicious/noExplicitAny: messages are read by what a test says of them
export type RawMessage = any;

/** A client on stdio, message by message. */
export interface RawStdio {
  /** Everything that came, in order. */
  readonly came: readonly RawMessage[];
  write(message: object | string): void;
  /** Sends a request, and gives the message that answers it. */
  ask(id: number | string, method: string, params?: object): Promise<RawMessage>;
  /** The first message that fits, also one that came already. */
  find(fits: (message: RawMessage) => boolean): Promise<RawMessage>;
}

/** Serves a client of raw messages until the test ends. */
export function openRawStdio(gateway: McpGateway): RawStdio {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const session = gateway.serveStdio(ALICE, input, output);
  onTestFinished(() => session.close());
  const came: RawMessage[] = [];
  createInterface({ input: output }).on('line', (line) => void came.push(JSON.parse(line)));
  const write = (message: object | string) =>
    void input.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
  const find = async (fits: (message: RawMessage) => boolean): Promise<RawMessage> => {
    await until(() => came.some(fits));
    return came.find(fits);
  };
  return {
    came,
    write,
    find,
    ask(id, method, params = {}) {
      write({ jsonrpc: '2.0', id, method, params });
      return find((message) => message.id === id && message.method === undefined);
    },
  };
}

const VERSION = '2026-07-28';
export const TASKS = 'io.modelcontextprotocol/tasks';

/** `_meta` of a request of the newer era. */
export function newerMeta(capabilities: object = {}): { _meta: Record<string, unknown> } {
  return {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': VERSION,
      'io.modelcontextprotocol/clientCapabilities': capabilities,
    },
  };
}
