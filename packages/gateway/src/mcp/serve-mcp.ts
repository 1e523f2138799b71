import {
  type CallToolResult,
  type ProgressCallback,
  Server,
  type ServerContext,
  type Tool,
} from '@modelcontextprotocol/server';
import type { JsonObject } from '@writ/decision';
import type { Caller } from '../identity/caller.ts';
import { authorizeCall, type CallContext } from './authorize-call.ts';
import { shownDefinition } from './definition.ts';

/**
 * One MCP server instance for one caller: a request (HTTP) or a connection (stdio). It offers `tools/list` and
 * `tools/call`; every other method is answered "method not found" and reaches no upstream.
 */
export function serveMcp(context: CallContext, caller: Caller): Server {
  const server = new Server(
    { name: 'writ', version: '0.1.0' },
    {
      capabilities: { tools: {} },
      // What one caller may see is not for a shared cache, and policies may change at any time.
      cacheHints: { 'tools/list': { ttlMs: 0, cacheScope: 'private' } },
    },
  );
  server.setRequestHandler('tools/list', async () => ({ tools: await visibleTools(context, caller) }));
  server.setRequestHandler('tools/call', async (request, extra): Promise<CallToolResult> => {
    const progressToken = extra.mcpReq._meta?.progressToken;
    return authorizeCall(context, {
      caller,
      name: request.params.name,
      args: request.params.arguments as JsonObject | undefined,
      meta: { ...(extra.mcpReq._meta as JsonObject | undefined) },
      signal: extra.mcpReq.signal,
      ...(progressToken === undefined ? {} : { onProgress: progressForwarder(extra, progressToken) }),
    });
  });
  return server;
}

/** What this caller could use. A point that fails hides everything: a list is an answer of policy too. */
async function visibleTools(context: CallContext, caller: Caller): Promise<Tool[]> {
  const tools = await context.catalogue.list();
  const answer = await context.point.list({
    request: {
      principal: caller.principal,
      actor: caller.actor,
      ...(caller.delegation === undefined ? {} : { delegation: caller.delegation }),
      action: { type: 'tool_call', phase: 'list' },
    },
    items: tools.map(({ definition, upstream }) => ({ tool: definition.name, server: upstream.id })),
  });
  return tools
    .filter((_, index) => answer.visible[index] === true)
    .map(({ definition, name }) => ({ ...shownDefinition(definition), name }));
}

function progressForwarder(extra: ServerContext, progressToken: string | number): ProgressCallback {
  return ({ progress, total }) => {
    // Numbers only: a message is output of the tool that no output policy has seen. A client that is gone has no use
    // for progress; the call itself is ended by its signal.
    const params = { progressToken, progress, ...(total === undefined ? {} : { total }) };
    extra.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
  };
}
