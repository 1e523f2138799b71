import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '@writ/decision';
import type { InFlight } from './in-flight.ts';

/** What the port of a gateway answers beside MCP. */
export interface RoutesOptions {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Why no call can be served now, in one sentence; undefined where calls are. */
  readonly notReady: () => string | undefined;
  readonly inFlight: InFlight;
  /** True from the moment that the service is being stopped. */
  readonly stopping: () => boolean;
  /** Puts on record that a request came too late. */
  readonly refuseLate: (request: IncomingMessage) => Promise<void>;
  /** Documents by path, for whoever asks: the protected resource metadata. */
  readonly documents?: ReadonlyMap<string, JsonObject>;
}

const MCP_PATH = '/mcp';

/**
 * `/mcp`, `/healthz` (the process answers), `/readyz` (calls can be served) and public documents. A request that comes
 * while the service stops is refused, with `Retry-After`; those under way go on.
 */
export function routeRequests(
  options: RoutesOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (path === MCP_PATH) {
      if (!options.stopping()) {
        options.inFlight.track(response);
        return options.handle(request, response);
      }
      await options.refuseLate(request);
      response.setHeader('Retry-After', '1');
      return sendJson(response, 503, { code: 'stopping', message: 'the gateway is stopping: ask again' });
    }
    const document = options.documents?.get(path);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return sendJson(response, 404, { code: 'not_found', message: `the gateway is at ${MCP_PATH}` });
    if (document !== undefined)
      return sendJson(response, 200, document, { 'Cache-Control': 'public, max-age=300' });
    if (path === '/healthz') return sendJson(response, 200, { status: 'ok' });
    if (path === '/readyz') {
      const why = options.stopping() ? 'the gateway is stopping' : options.notReady();
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
    ...(status >= 400 ? { Connection: 'close' } : {}),
  });
  response.end(JSON.stringify(body));
}
