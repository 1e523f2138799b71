import type { IncomingMessage, ServerResponse } from 'node:http';
import { TASKS } from './raw-stdio.ts';
import { listen } from './start-gateway.ts';

type Json = Record<string, unknown>;

export interface NewerTaskServer {
  readonly url: string;
  /** Methods that were asked, in order. */
  readonly asked: string[];
  /** From now on the task goes on. */
  go(): void;
}

const META = 'io.modelcontextprotocol';

/**
 * A server of the newer era that keeps each call of `slow` as a task, by hand: it refuses what does not declare the
 * extension, or names another task in its header. `ask`: it asks for a name first, `fail`: it fails.
 */
export async function startNewerTaskServer(): Promise<NewerTaskServer> {
  const asked: string[] = [];
  let going = false;
  let wants: Json = {};
  let answer: unknown;
  let cancelled = false;
  const taskOf = (): Json => {
    const at = new Date().toISOString();
    const common = { taskId: 'kept-1', createdAt: at, lastUpdatedAt: at, ttlMs: 60_000, pollIntervalMs: 50 };
    if (cancelled) return { ...common, status: 'cancelled' };
    if (!going) return { ...common, status: 'working' };
    if (wants['fail'] === true)
      return { ...common, status: 'failed', error: { code: -32_603, message: 'it failed' } };
    if (wants['ask'] === true && answer === undefined) {
      const requestedSchema = {
        type: 'object',
        properties: { name: { type: 'string' } },
        required: ['name'],
      };
      const params = { mode: 'form', message: 'who?', requestedSchema };
      return {
        ...common,
        status: 'input_required',
        inputRequests: { who: { method: 'elicitation/create', params } },
      };
    }
    const text = `slow result ${JSON.stringify(answer ?? null)}`;
    return { ...common, status: 'completed', result: { content: [{ type: 'text', text }] } };
  };
  const serve = (message: Json, request: IncomingMessage, response: ServerResponse): ServerResponse => {
    const { id, method, params = {} } = message as { id?: unknown; method?: string; params?: Json };
    const reply = (status: number, body: Json) =>
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, ...body }));
    const complete = (result: Json) => reply(200, { result: { resultType: 'complete', ...result } });
    if (method === 'server/discover') {
      const capabilities = { tools: {}, extensions: { [TASKS]: {} } };
      const serverInfo = { name: 'newer-tasks', version: '1' };
      const cache = { ttlMs: 0, cacheScope: 'private' };
      return complete({
        supportedVersions: ['2026-07-28'],
        capabilities,
        ...cache,
        _meta: { [`${META}/serverInfo`]: serverInfo },
      });
    }
    if (method === 'tools/list') {
      const tools = [{ name: 'slow', inputSchema: { type: 'object' } }];
      return complete({ tools, ttlMs: 0, cacheScope: 'private' });
    }
    const meta = (params['_meta'] ?? {}) as Json;
    const { extensions = {} } = (meta[`${META}/clientCapabilities`] ?? {}) as { extensions?: Json };
    asked.push(String(method));
    if (extensions[TASKS] === undefined)
      return reply(400, { error: { code: -32_021, message: 'only for clients that keep tasks' } });
    if (method === 'tools/call') {
      wants = (params['arguments'] ?? {}) as Json;
      return reply(200, { result: { resultType: 'task', ...taskOf() } });
    }
    if (request.headers['mcp-name'] !== params['taskId'] || params['taskId'] !== 'kept-1')
      return reply(400, { error: { code: -32_020, message: 'mismatch' } });
    if (method === 'tasks/update') {
      const { who } = params['inputResponses'] as { who: { content: Json } };
      answer = who.content;
    }
    if (method === 'tasks/cancel') cancelled = true;
    return complete(method === 'tasks/get' ? taskOf() : {});
  };
  const url = await listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () =>
      serve(JSON.parse(Buffer.concat(chunks).toString() || '{}') as Json, request, response),
    );
  });
  return {
    url,
    asked,
    go: () => {
      going = true;
    },
  };
}
