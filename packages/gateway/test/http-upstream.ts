import type { IncomingHttpHeaders } from 'node:http';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { onTestFinished } from 'vitest';
import { listen } from './start-gateway.ts';

export interface HttpUpstream {
  readonly url: string;
  /** Headers of every request that came. */
  readonly headers: readonly IncomingHttpHeaders[];
  /** Arguments of every call that came. */
  readonly calls: readonly unknown[];
  /** Calls whose caller went away. */
  readonly aborted: readonly string[];
}

/** A server on the official SDK, streamable HTTP, both eras; its tool `wait` answers never. */
export async function startHttpUpstream(): Promise<HttpUpstream> {
  const headers: IncomingHttpHeaders[] = [];
  const calls: unknown[] = [];
  const aborted: string[] = [];
  const handler = createMcpHandler(() => {
    const server = new Server({ name: 'http', version: '1' }, { capabilities: { tools: {} } });
    const inputSchema = { type: 'object' as const };
    server.setRequestHandler('tools/list', () => ({
      tools: ['echo', 'wait'].map((name) => ({ name, description: name, inputSchema })),
    }));
    server.setRequestHandler('tools/call', async ({ params }, extra) => {
      calls.push(params.arguments);
      if (params.name === 'wait') {
        await new Promise<void>((resolve) => extra.mcpReq.signal.addEventListener('abort', () => resolve()));
        aborted.push(params.name);
      }
      return {
        content: [{ type: 'text', text: JSON.stringify(params.arguments) }],
        structuredContent: { got: params.arguments ?? null },
      };
    });
    return server;
  });
  onTestFinished(() => handler.close());
  const node = toNodeHandler(handler);
  const url = await listen((request, response) => {
    headers.push(request.headers);
    void node(request as NodeIncomingMessageLike, response);
  });
  return { url, headers, calls, aborted };
}
