import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen } from './start-gateway.ts';

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: {
    readonly name?: string;
    readonly arguments?: object;
    readonly protocolVersion?: string;
  };
}

export interface RawHttpServer {
  readonly url: string;
  /** Names of the tools that were called. */
  readonly calls: readonly string[];
  /** Forgets every session, as a restart does. */
  restart(): void;
  /** Serves with this from now on. */
  become(handler: (request: IncomingMessage, response: ServerResponse) => void): void;
}

/** How a call of a tool is answered; whatever is not done here is never done. */
export type Misbehaviour = (message: Message, response: ServerResponse) => void;

export const resultOf = (id: unknown, text: string) =>
  JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } });

/**
 * A streamable HTTP server of the older era, written without the SDK so that it can misbehave: tools `echo` and those
 * that are given.
 */
export async function startRawHttpServer(
  tools: Readonly<Record<string, Misbehaviour>>,
): Promise<RawHttpServer> {
  const calls: string[] = [];
  let generation = 0;
  let other: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  const sessionNow = () => createHash('sha256').update(String(generation)).digest('hex');

  const serve = (message: Message, request: IncomingMessage, response: ServerResponse): void => {
    const { id, method, params } = message;
    const json = (status: number, body: string, headers = {}) => {
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(body);
    };
    const answer = (result: object, headers = {}) => {
      json(200, JSON.stringify({ jsonrpc: '2.0', id, result }), headers);
    };
    if (method === 'initialize') {
      const { protocolVersion } = params ?? {};
      const about = {
        protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'raw', version: '1' },
      };
      answer(about, { 'mcp-session-id': sessionNow() });
    } else if (method === 'server/discover') json(400, refusal(id, -32_601));
    else if (request.headers['mcp-session-id'] !== sessionNow()) json(404, refusal(id, -32_001));
    else if (id === undefined) response.writeHead(202).end();
    else if (method === 'tools/list') {
      const inputSchema = { type: 'object' };
      const names = ['echo', ...Object.keys(tools)];
      answer({ tools: names.map((name) => ({ name, description: name, inputSchema })) });
    } else if (method === 'tools/call') {
      const { name = '', arguments: args = {} } = params ?? {};
      calls.push(name);
      if (name === 'echo') json(200, resultOf(id, JSON.stringify(args)));
      else tools[name]?.(message, response);
    } else json(200, refusal(id, -32_601));
  };

  const url = await listen((request, response) => {
    if (other !== undefined) return other(request, response);
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () =>
      serve(JSON.parse(Buffer.concat(chunks).toString()) as Message, request, response),
    );
  });
  return {
    url,
    calls,
    restart: () => void generation++,
    become: (handler) => {
      other = handler;
    },
  };
}

function refusal(id: unknown, code: number): string {
  return JSON.stringify({ jsonrpc: '2.0', id: id ?? null, error: { code, message: 'refused' } });
}
