import {
  type CallToolResult,
  type CompleteResult,
  type GetPromptResult,
  type ProgressCallback,
  type Prompt,
  type ReadResourceResult,
  type Resource,
  type ResourceTemplateType,
  Server,
  type ServerContext,
  type Tool,
} from '@modelcontextprotocol/server';
import type { JsonObject, ListCall } from '@writ/decision';
import type { Caller } from '../identity/caller.ts';
import type { Incoming } from './ask-decision.ts';
import { authorizeCall, type CallContext } from './authorize-call.ts';
import { authorizeRequest } from './authorize-request.ts';
import { shownDefinition } from './definition.ts';
import { METHODS, type RequestMethod } from './methods.ts';
import { listItem, type OfferMethod } from './offers.ts';
import type { Channel } from './refuse.ts';

/** What one caller may see is not for a shared cache, and policies may change at any time. */
const PRIVATE = { ttlMs: 0, cacheScope: 'private' } as const;

/**
 * One MCP server instance for one caller: a request (HTTP) or a connection (stdio). It offers what `METHODS` lists;
 * every other method is answered "method not found" and reaches no upstream.
 */
export function serveMcp(context: CallContext, caller: Caller, channel: Channel): Server {
  const server = new Server(
    { name: 'writ', version: '0.1.0' },
    {
      capabilities: { tools: {}, resources: {}, prompts: {}, completions: {} },
      cacheHints: {
        'tools/list': PRIVATE,
        'resources/list': PRIVATE,
        'resources/templates/list': PRIVATE,
        'resources/read': PRIVATE,
        'prompts/list': PRIVATE,
      },
    },
  );
  const offers = <Shown>(method: OfferMethod) => visibleOffers<Shown>(context, caller, method);
  const ask = async <Answer>(
    method: RequestMethod,
    params: object,
    extra: ServerContext,
  ): Promise<Answer> => {
    const { _meta, ...rest } = params as JsonObject;
    const answer = await authorizeRequest(context, {
      ...incomingOf(caller, channel, extra),
      method,
      params: rest,
    });
    // The SDK reads it against the protocol's schema before it goes out.
    return answer as unknown as Answer;
  };
  server.setRequestHandler('tools/list', async () => ({ tools: await visibleTools(context, caller) }));
  server.setRequestHandler(
    'tools/call',
    async (request, extra): Promise<CallToolResult> =>
      authorizeCall(context, {
        ...incomingOf(caller, channel, extra),
        name: request.params.name,
        args: request.params.arguments as JsonObject | undefined,
      }),
  );
  server.setRequestHandler('resources/list', async () => ({
    resources: await offers<Resource>('resources/list'),
  }));
  server.setRequestHandler('resources/templates/list', async () => ({
    resourceTemplates: await offers<ResourceTemplateType>('resources/templates/list'),
  }));
  server.setRequestHandler('prompts/list', async () => ({ prompts: await offers<Prompt>('prompts/list') }));
  server.setRequestHandler('resources/read', ({ params }, extra) =>
    ask<ReadResourceResult>('resources/read', params, extra),
  );
  server.setRequestHandler('prompts/get', ({ params }, extra) =>
    ask<GetPromptResult>('prompts/get', params, extra),
  );
  server.setRequestHandler('completion/complete', ({ params }, extra) =>
    ask<CompleteResult>('completion/complete', params, extra),
  );
  return server;
}

function incomingOf(caller: Caller, channel: Channel, extra: ServerContext): Incoming {
  const progressToken = extra.mcpReq._meta?.progressToken;
  return {
    caller,
    channel,
    meta: { ...(extra.mcpReq._meta as JsonObject | undefined) },
    signal: extra.mcpReq.signal,
    ...(progressToken === undefined ? {} : { onProgress: progressForwarder(extra, progressToken) }),
  };
}

/** What this caller could use. A point that fails hides everything: a list is an answer of policy too. */
async function visibleTools(context: CallContext, caller: Caller): Promise<Tool[]> {
  const tools = await context.catalogue.list();
  const items = tools.map(({ definition, upstream }) => ({ tool: definition.name, server: upstream.id }));
  const visible = await judgeList(context, caller, 'tools/list', items);
  return tools
    .filter((_, index) => visible[index] === true)
    .map(({ definition, name }) => ({ ...shownDefinition(definition), name }));
}

/** The same for everything else that servers offer. */
async function visibleOffers<Shown>(
  context: CallContext,
  caller: Caller,
  method: OfferMethod,
): Promise<Shown[]> {
  const offers = await context.catalogue.offers(method);
  const items = offers.map((offer) => listItem(method, offer));
  const visible = await judgeList(context, caller, method, items);
  return offers.flatMap(({ shown }, index) => (visible[index] === true ? [shown as unknown as Shown] : []));
}

async function judgeList(
  { point }: CallContext,
  caller: Caller,
  method: OfferMethod | 'tools/list',
  items: ListCall['items'],
): Promise<readonly boolean[]> {
  const answer = await point.list({
    request: {
      principal: caller.principal,
      actor: caller.actor,
      ...(caller.delegation === undefined ? {} : { delegation: caller.delegation }),
      action: { type: METHODS[method].type, phase: 'list' },
      ...(caller.session === undefined ? {} : { context: { session_id: caller.session } }),
    },
    items,
  });
  return answer.visible;
}

function progressForwarder(extra: ServerContext, progressToken: string | number): ProgressCallback {
  return ({ progress, total }) => {
    // Numbers only: a message is output of the tool that no output policy has seen. A client that is gone has no use
    // for progress; the call itself is ended by its signal.
    const params = { progressToken, progress, ...(total === undefined ? {} : { total }) };
    extra.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
  };
}
