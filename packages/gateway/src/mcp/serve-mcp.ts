import type {
  CallToolResult,
  CompleteResult,
  GetPromptResult,
  InputRequiredResult,
  Prompt,
  ReadResourceResult,
  Resource,
  ResourceTemplateType,
  Server,
  ServerContext,
  ServerOptions,
} from '@modelcontextprotocol/server';
import type { JsonObject } from '@writ/decision';
import type { Incoming } from './ask-decision.ts';
import { type Asked, askedOf } from './asked.ts';
import { authorizeCall } from './authorize-call.ts';
import { authorizeRequest } from './authorize-request.ts';
import type { CallAnswer } from './direct-call.ts';
import type { Front } from './front.ts';
import { GatewayServer } from './gateway-server.ts';
import type { RequestMethod } from './methods.ts';
import type { OfferMethod } from './offers.ts';
import { TASKS_EXTENSION } from './tasks-extension.ts';
import { tellAsides } from './tell-asides.ts';
import { visibleOffers, visibleTools } from './visible.ts';

/** How the gateway names itself to clients. */
export const SERVER_INFO = { name: 'writ', version: '0.1.0' } as const;

/** What one caller may see is not for a shared cache, and policies may change at any time. */
const PRIVATE = { ttlMs: 0, cacheScope: 'private' } as const;

/**
 * One MCP server instance for one client: a request, a session or a connection. It offers what `METHODS` and `ANSWERED`
 * list; every other method is answered "method not found" and reaches no upstream.
 */
export function serveMcp(front: Front): Server {
  const options: ServerOptions = {
    capabilities: {
      tools: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      prompts: { listChanged: true },
      completions: {},
      logging: {},
      // What either era calls it: the SDK leaves the other's out.
      tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
      extensions: { [TASKS_EXTENSION]: {} },
    },
    cacheHints: {
      'tools/list': PRIVATE,
      'resources/list': PRIVATE,
      'resources/templates/list': PRIVATE,
      'resources/read': PRIVATE,
      'prompts/list': PRIVATE,
    },
    // Questions to clients of the older era are asked here, each after its decision.
    inputRequired: { legacyShim: false },
  };
  const server = new GatewayServer(SERVER_INFO, options, (reason) => front.malformed(reason));
  serveTools(server, front);
  serveOffers(server, front);
  if (front.kept !== undefined) serveKept(server, front, front.kept);
  return server;
}

function serveTools(server: Server, front: Front): void {
  server.setRequestHandler('tools/list', async (_request, extra) => ({
    tools: (
      await listing(front, extra, 'tools/list', (incoming) => visibleTools(front.context(), incoming))
    ).map((tool) =>
      // Clients of the older era want a task only of a tool that says so; it is the gateway that keeps it.
      front.era === 'legacy' ? { ...tool, execution: { taskSupport: 'optional' as const } } : tool,
    ),
  }));
  server.setRequestHandler('tools/call', async ({ params }, extra): Promise<CallToolResult> => {
    const args = params.arguments as JsonObject | undefined;
    const result = await (front.direct?.(extra.mcpReq.id)?.join(extra) ??
      serveCall(front, askedOf(extra), params.name, args));
    // The SDK takes questions for a result of the newer era; its type does not say so.
    return result as CallToolResult;
  });
}

/** Serves one call of a tool, whoever speaks with its client. */
export function serveCall(
  front: Front,
  asked: Asked,
  name: string,
  args: JsonObject | undefined,
): Promise<CallAnswer> {
  return flying(front, asked, { method: 'tools/call', name }, (incoming) =>
    authorizeCall(front.context(), { ...incoming, name, args }),
  );
}

function serveOffers(server: Server, front: Front): void {
  const offers = <Shown extends object>(method: OfferMethod, extra: ServerContext) =>
    listing(front, extra, method, (incoming) => visibleOffers<Shown>(front.context(), incoming, method));
  const ask = async <Answer>(
    method: RequestMethod,
    params: object,
    extra: ServerContext,
  ): Promise<Answer> => {
    const { _meta, ...rest } = params as JsonObject;
    const answer: JsonObject | InputRequiredResult = await flying(
      front,
      askedOf(extra),
      { method, ...(method === 'prompts/get' ? { name: String(rest['name']) } : {}) },
      (incoming) => authorizeRequest(front.context(), { ...incoming, method, params: rest }),
    );
    // The SDK reads it against the protocol's schema before it goes out.
    return answer as unknown as Answer;
  };
  server.setRequestHandler('resources/list', async (_request, extra) => ({
    resources: await offers<Resource>('resources/list', extra),
  }));
  server.setRequestHandler('resources/templates/list', async (_request, extra) => ({
    resourceTemplates: await offers<ResourceTemplateType>('resources/templates/list', extra),
  }));
  server.setRequestHandler('prompts/list', async (_request, extra) => ({
    prompts: await offers<Prompt>('prompts/list', extra),
  }));
  server.setRequestHandler('resources/read', ({ params }, extra) =>
    ask<ReadResourceResult>('resources/read', params, extra),
  );
  server.setRequestHandler('prompts/get', ({ params }, extra) =>
    ask<GetPromptResult>('prompts/get', params, extra),
  );
  server.setRequestHandler('completion/complete', ({ params }, extra) =>
    ask<CompleteResult>('completion/complete', params, extra),
  );
}

/** A list, as one span. */
function listing<Shown extends object>(
  front: Front,
  extra: ServerContext,
  method: OfferMethod | 'tools/list',
  list: (incoming: Incoming) => Promise<Shown[]>,
): Promise<Shown[]> {
  const asked = askedOf(extra);
  const incoming = front.incoming(asked);
  const { telemetry } = front.context();
  return telemetry
    .request({ method, meta: asked.meta, id: asked.id }, async () => {
      const shown = await list(incoming);
      front.shown?.note(method, shown);
      return shown;
    })
    .finally(() => front.landed(incoming));
}

/** What the older era keeps of a client. */
function serveKept(server: Server, front: Front, kept: NonNullable<Front['kept']>): void {
  server.setRequestHandler('resources/subscribe', async ({ params }, extra) => {
    const answer = await flying(front, askedOf(extra), { method: 'resources/subscribe' }, (incoming) =>
      authorizeRequest(front.context(), {
        ...incoming,
        method: 'resources/subscribe',
        params: { uri: params.uri },
      }),
    );
    await kept.subscribed(params.uri);
    return answer as Record<string, unknown>;
  });
  server.setRequestHandler('logging/setLevel', ({ params }) => {
    kept.setLogLevel(params.level);
    return {};
  });
  server.setRequestHandler('resources/unsubscribe', async ({ params }) => {
    await kept.unsubscribe(params.uri);
    return {};
  });
}

/** Serves one request, and tells what its server told meanwhile before it is answered. */
async function flying<Answer>(
  front: Front,
  asked: Asked,
  about: { readonly method: string; readonly name?: string },
  serve: (incoming: Incoming) => Promise<Answer>,
): Promise<Answer> {
  const incoming = front.incoming(asked);
  try {
    const { inFlight, telemetry } = front.context();
    const answer = await inFlight.run(() =>
      telemetry.request({ ...about, meta: incoming.meta, id: asked.id }, () => serve(incoming)),
    );
    // What comes after the answer nobody listens for any more.
    await incoming.flight.told;
    await tellAsides(asked, incoming.flight);
    return answer;
  } finally {
    front.landed(incoming);
  }
}
