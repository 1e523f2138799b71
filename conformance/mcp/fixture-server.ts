/**
 * The server that the official conformance suite asks for: its `test_*` tools, resources and prompts, in both eras on
 * one URL. Written on the official SDK, so that what the suite finds through the gateway can be held against what it
 * finds here.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  hostHeaderValidation,
  type NodeIncomingMessageLike,
  toNodeHandler,
} from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  type EventStore,
  isLegacyRequest,
  type JSONRPCMessage,
  localhostAllowedHostnames,
  type McpHttpHandler,
  ProtocolError,
  Server,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { type Away, awayInMemory } from './fixture-away.ts';
import { PROMPTS, RESOURCES, readFixtureResource, TEMPLATES } from './fixture-offers.ts';
import { openState, TOOLS } from './fixture-tools.ts';

export interface FixtureServer {
  readonly url: string;
  close(): Promise<void>;
}

const HINT = { ttlMs: 0, cacheScope: 'private' } as const;

type Changed = (list: 'tools' | 'prompts') => void;

export function createFixture(away: Away, announce?: Changed): Server {
  const server = new Server(
    { name: 'conformance-fixture', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        completions: {},
        logging: {},
      },
      cacheHints: {
        'tools/list': HINT,
        'resources/list': HINT,
        'resources/templates/list': HINT,
        'resources/read': HINT,
        'prompts/list': HINT,
      },
      requestState: { verify: (state) => openState(state) },
    },
  );
  server.setRequestHandler('tools/list', () => ({
    tools: Object.entries(TOOLS)
      .filter(([name]) => away.isListed('tools', name))
      .map(([name, { description, inputSchema }]) => ({
        name,
        description,
        inputSchema: inputSchema ?? { type: 'object' as const, properties: {} },
      })),
  }));
  server.setRequestHandler('tools/call', ({ params }, context) => {
    const tool = TOOLS[params.name];
    if (tool === undefined) throw new ProtocolError(-32_602, `there is no tool ${params.name}`);
    const changed: Changed =
      announce ??
      ((list) => void (list === 'tools' ? server.sendToolListChanged() : server.sendPromptListChanged()));
    return tool.run({ args: params.arguments ?? {}, context, server, changed, away });
  });
  server.setRequestHandler('resources/list', () => ({ resources: [...RESOURCES] }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [...TEMPLATES] }));
  server.setRequestHandler('resources/read', ({ params }) => readFixtureResource(params.uri));
  server.setRequestHandler('resources/subscribe', () => ({}));
  server.setRequestHandler('resources/unsubscribe', () => ({}));
  server.setRequestHandler('prompts/list', () => ({
    prompts: Object.entries(PROMPTS)
      .filter(([name]) => away.isListed('prompts', name))
      .map(([name, { description, args }]) => ({
        name,
        description,
        ...(args === undefined
          ? {}
          : { arguments: args.map((arg) => ({ name: arg, description: arg, required: true })) }),
      })),
  }));
  server.setRequestHandler('prompts/get', ({ params }, context) => {
    const prompt = PROMPTS[params.name];
    if (prompt === undefined) throw new ProtocolError(-32_602, `there is no prompt ${params.name}`);
    return prompt.get(params.arguments ?? {}, context);
  });
  server.setRequestHandler('completion/complete', ({ params }) => {
    const values = ['paris', 'park', 'party'].filter((value) => value.startsWith(params.argument.value));
    return { completion: { values, total: values.length, hasMore: false } };
  });
  return server;
}

/** How a server that has never heard of the newer era answers it. */
function unknownEra(): Response {
  const error = { code: -32_000, message: 'Bad Request: no valid session' };
  return Response.json({ jsonrpc: '2.0', id: null, error }, { status: 400 });
}

const RETRY_MS = 1_000;

/** Events of one session, for as long as the fixture runs. */
function keepEvents(): EventStore {
  const events: { readonly stream: string; readonly message: JSONRPCMessage }[] = [];
  return {
    storeEvent: async (stream, message) => String(events.push({ stream, message })),
    getStreamIdForEventId: async (id) => events[Number(id) - 1]?.stream,
    async replayEventsAfter(id, { send }) {
      const stream = events[Number(id) - 1]?.stream ?? '';
      for (const [at, event] of events.entries()) {
        if (at >= Number(id) && event.stream === stream) await send(String(at + 1), event.message);
      }
      return stream;
    },
  };
}

/** Starts it on a free port of loopback, unless one is given. */
export async function startFixture(port = 0, only?: 'legacy' | 'modern'): Promise<FixtureServer> {
  const away = awayInMemory();
  const modern: McpHttpHandler = createMcpHandler(
    () =>
      createFixture(away, (list) => (list === 'tools' ? notify().toolsChanged() : notify().promptsChanged())),
    {
      legacy: 'reject',
    },
  );
  const notify = () => modern.notify;
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const legacy = async (request: Request): Promise<Response> => {
    const id = request.headers.get('mcp-session-id');
    if (id !== null) {
      const known = sessions.get(id);
      if (known !== undefined) return known.handleRequest(request);
      return Response.json(
        { jsonrpc: '2.0', id: null, error: { code: -32_001, message: 'Session not found' } },
        { status: 404 },
      );
    }
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      eventStore: keepEvents(),
      retryInterval: RETRY_MS,
      onsessioninitialized: (opened) => void sessions.set(opened, transport),
      onsessionclosed: (closed) => void sessions.delete(closed),
    });
    await createFixture(away).connect(transport);
    return transport.handleRequest(request);
  };
  const node = toNodeHandler({
    async fetch(request, options) {
      if (only === 'modern') return modern.fetch(request, options);
      if (await isLegacyRequest(request)) return legacy(request);
      return only === 'legacy' ? unknownEra() : modern.fetch(request, options);
    },
  });
  const allowed = hostHeaderValidation(localhostAllowedHostnames());
  const http: HttpServer = createServer((request, response) => {
    if (allowed(request, response)) void node(request as NodeIncomingMessageLike, response);
  });
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    async close() {
      await modern.close();
      await Promise.all([...sessions.values()].map((transport) => transport.close()));
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log((await startFixture(Number(process.env['PORT'] ?? 0))).url);
}
