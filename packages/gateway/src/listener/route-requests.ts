import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '@writ/decision';

/** What the port of a gateway answers beside MCP. */
export interface RoutesOptions {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Why no call can be served now, in one sentence; undefined where calls are. */
  readonly notReady: () => string | undefined;
  /** Documents by path, for whoever asks: the protected resource metadata (RFC 9728). */
  readonly documents?: ReadonlyMap<string, JsonObject>;
}

const MCP_PATH = '/mcp';

/**
 * `/mcp`, `/healthz` (the process answers), `/readyz` (calls can be served) and public documents. The two checks and the
 * documents are the same for everybody and say nothing of anybody: probes ask them by whatever address they know.
 */
export function routeRequests(
  options: RoutesOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (path === MCP_PATH) return options.handle(request, response);
    const document = options.documents?.get(path);
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (reads && document !== undefined)
      return sendJson(response, 200, document, { 'Cache-Control': 'public, max-age=300' });
    if (reads && path === '/healthz') return sendJson(response, 200, { status: 'ok' });
    if (reads && path === '/readyz') {
      const why = options.notReady();
      return why === undefined
        ? sendJson(response, 200, { status: 'ready' })
        : sendJson(response, 503, { code: 'not_ready', message: why });
    }
    return sendJson(response, 404, { code: 'not_found', message: `the gateway is at ${MCP_PATH}` });
  };
  return (request, response) => void serve(request, response).catch(() => response.destroy());
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: JsonObject,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    ...headers,
    // A body that nobody read must not be taken for the next request.
    ...(status >= 400 ? { Connection: 'close' } : {}),
  });
  response.end(JSON.stringify(body));
}
